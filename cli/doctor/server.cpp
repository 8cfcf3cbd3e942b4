#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/doctor/doctor.hpp"
#include "cli/objects/object_kind.hpp"
#include "core/http/date.hpp"
#include "core/http/fetch.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;

/// What the server says of itself; empty, where it is another one than ours.
std::string version_of(const std::string& body) {
  const auto document = nlohmann::json::parse(body, nullptr, false);
  if (!document.is_object() || !document.contains("info") || !document["info"].is_object()) return {};
  const auto& version = document["info"].value("version", nlohmann::json{});
  return version.is_string() ? version.get<std::string>() : std::string{};
}

Diagnosis examine_answer(const Connection& connection, const Context& context, HeardTimes& times) {
  const auto check = "server " + connection.label();
  http::FetchRequest request;
  request.url = connection.endpoint + "/openapi.json";
  request.ca_file = connection.ca_file;
  request.without_proxy = api::is_loopback(connection.endpoint);
  const auto answer = http::fetch(request);
  if (!answer) {
    const bool is_untrusted = answer.error().reason == http::untrusted_certificate;
    return {check, State::broken, answer.error().message,
            is_untrusted ? "name the bundle of its authority: runagents context add NAME URL --ca-file FILE"
                         : "is it running, and is the endpoint right? runagents context show"};
  }
  if (const auto date = http::read_date(answer->field("date"))) {
    times.push_back({"the server " + connection.label(), *date, context.now()});
  }
  if (answer->status >= 500) {
    return {check, State::broken, fmt::format("{} answers with {}", connection.endpoint, answer->status),
            "look into the server's log"};
  }
  const auto version = answer->status == 200 ? version_of(answer->body) : std::string{};
  if (version.empty() || version == RUNAGENTS_VERSION) return {check, State::fine, connection.endpoint, {}};
  return {check, State::notice, fmt::format("the server is version {}, this program {}", version, RUNAGENTS_VERSION),
          "use the same version of both"};
}

Diagnosis examine_login(const Connection& connection, Context& context) {
  const auto check = "login " + connection.label();
  auto client = open_client(context);
  if (!client) return {check, State::broken, client.error().message, client.error().hint};
  const auto user = client->get(api::Target{"/users/me"});
  if (user) return {check, State::fine, api::text_of(*user, "email"), {}};
  const bool is_refused = user.error().code == ErrorCode::unauthenticated;
  return {check, State::broken, user.error().message,
          is_refused || user.error().hint.empty() ? "runagents login" : user.error().hint};
}

}  // namespace

std::vector<Diagnosis> examine_server(Context& context, HeardTimes& times) {
  const auto connection = context.connection();
  if (!connection) return {{"context", State::broken, connection.error().message, connection.error().hint}};
  if ((*connection)->is_local()) return {};
  std::vector<Diagnosis> diagnoses{examine_answer(**connection, context, times)};
  if (diagnoses.back().state != State::broken) diagnoses.push_back(examine_login(**connection, context));
  return diagnoses;
}

}  // namespace runagents::cli
