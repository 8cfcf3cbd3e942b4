#include "core/api/control_plane.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/answer.hpp"
#include "core/api/approval_json.hpp"
#include "core/api/client.hpp"
#include "core/api/consent_json.hpp"
#include "core/api/json_spans.hpp"
#include "core/api/model_spending_json.hpp"
#include "core/api/model_usage_json.hpp"
#include "core/api/run_json.hpp"
#include "core/api/secret_json.hpp"
#include "core/api/target.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;

Json parse(std::string_view text) { return Json::parse(text, nullptr, false); }

Result<std::string> send(Transport& transport, std::string method, const Target& target, std::string body = {}) {
  auto response = transport.send({std::move(method), target.text(), std::move(body)});
  if (!response) return std::unexpected(std::move(response.error()));
  if (response->status < 200 || response->status > 299) return std::unexpected(error_of(*response));
  return std::move(response->body);
}

template <class Read>
auto one(const Result<std::string>& body, Read read) -> decltype(read(Json{})) {
  if (!body) return std::unexpected(body.error());
  auto value = read(parse(*body));
  if (!value) value.error().code = ErrorCode::unavailable;
  return value;
}

template <class Value, class Read>
Result<std::vector<Value>> list(const Result<std::string>& body, const char* name, Read read) {
  if (!body) return std::unexpected(body.error());
  const Json json = parse(*body);
  if (!json.is_object() || !json.contains(name) || !json[name].is_array()) {
    return fail(ErrorCode::unavailable, "the control plane's answer has no list \"" + std::string{name} + "\"");
  }
  std::vector<Value> values;
  for (const Json& element : json[name]) {
    auto value = read(element);
    if (!value) return std::unexpected(value.error());
    values.push_back(std::move(*value));
  }
  return values;
}

/// False: a text in it is no UTF-8.
bool write(const Json& json, std::string& out) {
  try {
    out = json.dump();
    return true;
  } catch (const Json::type_error&) {
    return false;
  }
}

constexpr auto read_run = [](const Json& json) { return run_from_json(json); };
constexpr auto read_spending = [](const Json& json) { return model_spending_from_json(json); };
constexpr auto read_request = [](const Json& json) { return approval_request_from_json(json); };
constexpr auto read_secret = [](const Json& json) { return stored_secret_from_json(json); };
constexpr auto read_consent = [](const Json& json) { return consent_from_json(json); };
constexpr auto read_grant = [](const Json& json) { return approval_grant_from_json(json); };

}  // namespace

Result<model::Run> ControlPlane::create_run(const model::Run& run) {
  return one(send(transport_, "POST", Target{"/runs"}, dump(to_json(run))), read_run);
}

Result<model::Run> ControlPlane::change_run(std::string_view id, const RunChange& change) {
  Json body = {{"status", word(change.status)}};
  if (change.exit_code) body["exit_code"] = *change.exit_code;
  if (!change.reason.empty()) body["reason"] = change.reason;
  if (change.counts) {
    body["calls"] = change.counts->calls;
    body["refused"] = change.counts->refused;
    body["approved"] = change.counts->approved;
    body["observed"] = change.counts->observed;
    body["models"] = to_json(change.counts->models);
  }
  if (change.last_seq) body["last_seq"] = *change.last_seq;
  return one(send(transport_, "PATCH", Target{"/runs"}.segment(id), dump(body)), read_run);
}

Result<model::ModelSpending> ControlPlane::change_model_spending(std::string_view run_id,
                                                                 const model::ModelCharge& charge) {
  return one(send(transport_, "POST", Target{"/runs"}.segment(run_id).segment("model-spending"), dump(to_json(charge))),
             read_spending);
}

Result<model::Run> ControlPlane::get_run(std::string_view id) {
  return one(send(transport_, "GET", Target{"/runs"}.segment(id)), read_run);
}

Result<std::vector<model::Run>> ControlPlane::list_runs(const RunFilter& filter) {
  Target target{"/runs"};
  target.parameter("agent_id", filter.agent).parameter("user_id", filter.end_user).parameter("limit", filter.limit);
  if (filter.status) target.parameter("status", word(*filter.status));
  return list<model::Run>(send(transport_, "GET", target), "runs", read_run);
}

Result<void> ControlPlane::append_events(std::string_view run_id, std::span<const std::string> lines) {
  if (lines.empty()) return {};
  std::size_t size = 16;
  for (const auto& line : lines) size += line.size() + 1;
  std::string body;
  body.reserve(size);
  body = R"({"events":[)";
  for (const auto& line : lines) (body += line) += ',';
  body.back() = ']';
  body += '}';
  const auto sent = send(transport_, "POST", Target{"/runs"}.segment(run_id).segment("events"), std::move(body));
  if (!sent) return std::unexpected(sent.error());
  return {};
}

Result<std::vector<std::string>> ControlPlane::events(std::string_view run_id, const EventQuery& query) {
  Target target = Target{"/runs"}.segment(run_id).segment("events");
  target.parameter("after_seq", query.after_seq)
      .parameter("limit", query.limit)
      .parameter("type", query.type)
      .parameter("wait", static_cast<std::uint64_t>(query.wait.count()));
  const auto body = send(transport_, "GET", target);
  if (!body) return std::unexpected(body.error());
  const auto elements = array_elements(*body, "events");
  if (!elements) return std::unexpected(elements.error());
  return std::vector<std::string>{elements->begin(), elements->end()};
}

Result<model::Run> ControlPlane::cancel_run(std::string_view id) {
  return one(send(transport_, "POST", Target{"/runs"}.segment(id).segment("cancel")), read_run);
}

Result<model::ApprovalRequest> ControlPlane::request_approval(const model::ApprovalRequest& request) {
  return one(send(transport_, "POST", Target{"/approvals/requests"}, dump(to_json(request))), read_request);
}

Result<model::ApprovalRequest> ControlPlane::get_approval(std::string_view id) {
  return one(send(transport_, "GET", Target{"/approvals/requests"}.segment(id)), read_request);
}

Result<std::vector<model::ApprovalRequest>> ControlPlane::decided_approvals(std::span<const std::string> ids,
                                                                            std::chrono::milliseconds wait) {
  std::string all;
  for (const auto& id : ids) all.append(all.empty() ? "" : ",").append(id);
  Target target{"/approvals/requests/decided"};
  target.parameter("ids", all).parameter("wait", static_cast<std::uint64_t>(wait.count()));
  return list<model::ApprovalRequest>(send(transport_, "GET", target), "requests", read_request);
}

Result<std::vector<model::ApprovalRequest>> ControlPlane::list_approvals(const ApprovalFilter& filter) {
  Target target{"/approvals/requests"};
  target.parameter("agent_id", filter.agent).parameter("run_id", filter.run_id).parameter("limit", filter.limit);
  if (filter.status) target.parameter("status", word(*filter.status));
  return list<model::ApprovalRequest>(send(transport_, "GET", target), "requests", read_request);
}

Result<model::ApprovalRequest> ControlPlane::approve(std::string_view id, const ApprovalDecision& decision) {
  Json body = {{"scope", word(decision.scope)}, {"approver", decision.approver}, {"reason", decision.reason}};
  if (decision.duration) body["duration"] = duration_text(*decision.duration);
  const Target target = Target{"/approvals/requests"}.segment(id).segment("approve");
  return one(send(transport_, "POST", target, dump(body)), read_request);
}

Result<model::ApprovalRequest> ControlPlane::reject(std::string_view id, std::string_view approver,
                                                    std::string_view reason) {
  const Json body = {{"approver", approver}, {"reason", reason}};
  const Target target = Target{"/approvals/requests"}.segment(id).segment("reject");
  return one(send(transport_, "POST", target, dump(body)), read_request);
}

Result<model::ApprovalRequest> ControlPlane::expire(std::string_view id) {
  const Target target = Target{"/approvals/requests"}.segment(id).segment("expire");
  return one(send(transport_, "POST", target), read_request);
}

Result<std::optional<model::ApprovalGrant>> ControlPlane::use_grant(const model::Action& action,
                                                                    std::string_view run_id, std::string_view use_id) {
  Json body = to_json(action);
  body["run_id"] = run_id;
  if (!use_id.empty()) body["use_id"] = use_id;
  const auto answer = send(transport_, "POST", Target{"/approvals/grants/use"}, dump(body));
  if (!answer) return std::unexpected(answer.error());
  const Json json = parse(*answer);
  if (!json.is_object() || !json.contains("grant")) {
    return fail(ErrorCode::unavailable, "the control plane did not say whether there is a grant");
  }
  if (json["grant"].is_null()) return std::optional<model::ApprovalGrant>{};
  auto grant = approval_grant_from_json(json["grant"]);
  if (!grant) return std::unexpected(grant.error());
  return std::optional{std::move(*grant)};
}

Result<std::vector<model::ApprovalGrant>> ControlPlane::list_grants(bool with_spent) {
  Target target{"/approvals/grants"};
  if (with_spent) target.parameter("with_spent", "true");
  return list<model::ApprovalGrant>(send(transport_, "GET", target), "grants", read_grant);
}

Result<model::ApprovalGrant> ControlPlane::revoke_grant(std::string_view id) {
  return one(send(transport_, "DELETE", Target{"/approvals/grants"}.segment(id)), read_grant);
}

Result<model::StoredSecret> ControlPlane::put_secret(std::string_view name, const config::Secret& value) {
  Request request{"PUT", Target{"/secrets"}.segment(name).text(), {}};
  Json body = {{"value", value.reveal()}};
  // JSON cannot carry what is no UTF-8.
  const bool is_text = write(body, request.body);
  config::wipe(body["value"].get_ref<std::string&>());
  if (!is_text) {
    return fail(ErrorCode::usage, "the secret is not a text in UTF-8", "store it in base64, or use a file: reference");
  }
  const auto response = transport_.send(request);
  config::wipe(request.body);
  if (!response) return std::unexpected(response.error());
  if (response->status > 299) return std::unexpected(error_of(*response));
  return one(response->body, read_secret);
}

Result<std::vector<model::StoredSecret>> ControlPlane::list_secrets() {
  return list<model::StoredSecret>(send(transport_, "GET", Target{"/secrets"}), "secrets", read_secret);
}

Result<model::StoredSecret> ControlPlane::get_secret(std::string_view name) {
  return one(send(transport_, "GET", Target{"/secrets"}.segment(name)), read_secret);
}

Result<void> ControlPlane::delete_secret(std::string_view name) {
  const auto sent = send(transport_, "DELETE", Target{"/secrets"}.segment(name));
  if (!sent) return std::unexpected(sent.error());
  return {};
}

Result<config::Secret> ControlPlane::reveal_secret(std::string_view name) {
  auto body = send(transport_, "GET", Target{"/secrets"}.segment(name).segment("value"));
  if (!body) return std::unexpected(body.error());
  Json json = parse(*body);
  config::wipe(*body);
  if (!json.is_object() || !json.contains("value") || !json["value"].is_string()) {
    return fail(ErrorCode::unavailable, "the control plane did not say what the secret is");
  }
  auto& value = json["value"].get_ref<std::string&>();
  config::Secret secret{std::string{value}};
  config::wipe(value);
  return secret;
}

Result<std::uint64_t> ControlPlane::rotate_store_key() {
  const auto body = send(transport_, "POST", Target{"/secrets/rotate-key"});
  if (!body) return std::unexpected(body.error());
  const Json json = parse(*body);
  if (!json.is_object() || !json.contains("sealed") || !json["sealed"].is_number_unsigned()) {
    return fail(ErrorCode::unavailable, "the control plane did not say what it sealed");
  }
  return json["sealed"].get<std::uint64_t>();
}

Result<std::vector<model::Consent>> ControlPlane::list_consents(const ConsentFilter& filter) {
  Target target{"/consents"};
  target.parameter("tool_id", filter.tool);
  if (filter.end_user && filter.end_user->empty()) target.parameter("shared", "true");
  if (filter.end_user) target.parameter("user_id", *filter.end_user);
  return list<model::Consent>(send(transport_, "GET", target), "consents", read_consent);
}

Result<std::optional<model::Consent>> ControlPlane::find_consent(const model::ConsentPlace& place) {
  const auto answer = send(transport_, "POST", Target{"/consents/find"}, dump(to_json(place)));
  if (!answer) return std::unexpected(answer.error());
  const Json json = parse(*answer);
  if (!json.is_object() || !json.contains("consent")) {
    return fail(ErrorCode::unavailable, "the control plane did not say whether there is a consent");
  }
  if (json["consent"].is_null()) return std::optional<model::Consent>{};
  auto consent = consent_from_json(json["consent"]);
  if (!consent) return std::unexpected(consent.error());
  return std::optional{std::move(*consent)};
}

Result<model::Consent> ControlPlane::put_consent(const model::Consent& consent) {
  return one(send(transport_, "PUT", Target{"/consents"}, dump(to_sealed_json(consent))), read_consent);
}

Result<model::Consent> ControlPlane::lease_consent(std::string_view id, std::string_view holder,
                                                   std::chrono::milliseconds length) {
  const Json body = {{"holder", holder}, {"length_ms", length.count()}};
  return one(send(transport_, "POST", Target{"/consents"}.segment(id).segment("lease"), dump(body)), read_consent);
}

Result<void> ControlPlane::release_consent(std::string_view id, std::string_view holder) {
  const Json body = {{"holder", holder}};
  const auto sent = send(transport_, "POST", Target{"/consents"}.segment(id).segment("release"), dump(body));
  if (!sent) return std::unexpected(sent.error());
  return {};
}

Result<model::Consent> ControlPlane::delete_consent(std::string_view id) {
  return one(send(transport_, "DELETE", Target{"/consents"}.segment(id)), read_consent);
}

}  // namespace runagents::api
