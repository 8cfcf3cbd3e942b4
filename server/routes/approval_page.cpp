#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/config/secret.hpp"
#include "core/http/html.hpp"
#include "server/oauth/form.hpp"
#include "server/oauth/page.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"
#include "server/service/column.hpp"

namespace runagents::server {
namespace {

using model::ApprovalRequest;

constexpr std::chrono::minutes lifetime{10};

// A sealed text is good for one request's page only.
std::string place_of(const std::string& approval) { return "approvals/" + approval; }

std::string row(std::string_view name, std::string_view value) {
  if (value.empty()) return {};
  return "<dt>" + http::escaped_html(name) + "</dt><dd>" + http::escaped_html(value) + "</dd>";
}

std::string form_for(const std::string& approval) {
  return "<form method=\"post\" action=\"/approvals/" + http::escaped_html(approval) + "\">";
}

/// Says nothing of the request: whoever has the link only is nobody yet.
Outgoing sign_in_page(const std::string& approval, const std::string& trouble) {
  std::string body = "<p>Sign in to see what is asked for.</p>";
  if (!trouble.empty()) body += "<p class=\"trouble\" role=\"alert\">" + http::escaped_html(trouble) + "</p>";
  body += form_for(approval) +
          "<label for=\"api_key\">Your API key</label><input id=\"api_key\" name=\"api_key\" type=\"password\" "
          "autocomplete=\"current-password\" required><button class=\"main\">Sign in</button></form>";
  return page("Approval request", body, trouble.empty() ? 200 : 403);
}

std::string describe(const ApprovalRequest& request) {
  const auto& action = request.action;
  return "<dl>" + row("Agent", action.agent) + row("For", action.end_user.empty() ? "nobody" : action.end_user) +
         row("Tool", action.tool) + row("Operation", action.capability) +
         row("Call", action.method + " " + action.url) + row("Body", request.body_preview) +
         row("Policy", request.policy + ", rule " + std::to_string(request.rule)) +
         row("Until", model::to_iso8601(request.expires_at)) + "</dl>";
}

Outgoing question_page(const ApprovalRequest& request, const std::string& sealed) {
  std::string body = describe(request) + form_for(request.id) + "<input type=\"hidden\" name=\"session\" value=\"" +
                     http::escaped_html(sealed) +
                     "\"><label for=\"reason\">Reason</label><input id=\"reason\" name=\"reason\" "
                     "maxlength=\"500\" autocomplete=\"off\">";
  body +=
      "<button class=\"main\" name=\"decision\" value=\"approve\">Approve this call once</button>"
      "<button name=\"decision\" value=\"reject\">Reject</button></form>";
  return page("Approve this call?", body);
}

Outgoing done_page(const ApprovalRequest& request) {
  const auto by = request.approver.empty() ? std::string{} : " by " + request.approver;
  return page("Approval request",
              "<p>" + http::escaped_html(std::string{word(request.status)} + by) + ".</p>" + describe(request));
}

Outgoing trouble_page(const Error& error) {
  const int status = error.code == ErrorCode::not_found ? 404 : error.code == ErrorCode::conflict ? 409 : 403;
  return error_page(error.message + ".", status);
}

bool is_for_people(const Error& error) {
  return error.code == ErrorCode::forbidden || error.code == ErrorCode::not_found ||
         error.code == ErrorCode::conflict || error.code == ErrorCode::usage;
}

/// One answer to a form of the page.
class Visit {
 public:
  Visit(const DecisionPageParts& parts, const Incoming& request)
      : parts_{parts}, request_{request}, approval_{request.parameter(0)} {}

  Result<Outgoing> answer() {
    const auto form = Form::parse(request_.body());
    if (!form || is_from_elsewhere()) return error_page("The form cannot be read. Open the link again.");
    const auto sealer = parts_.key.sealer();
    if (!sealer) return std::unexpected(sealer.error());
    if (form->has("session")) return decide(*form, **sealer);
    const auto person = parts_.api_keys.find(form->value("api_key"));
    if (!person && person.error().code != ErrorCode::unauthenticated) return std::unexpected(person.error());
    if (!person) return sign_in_page(approval_, "This is not a valid API key.");
    const auto found = parts_.approvals.get(*person, approval_);
    if (!found)
      return is_for_people(found.error()) ? trouble_page(found.error())
                                          : Result<Outgoing>{std::unexpected(found.error())};
    if (found->status != model::ApprovalStatus::pending) return done_page(*found);
    return question_page(*found, seal(*person, **sealer));
  }

 private:
  [[nodiscard]] bool is_from_elsewhere() const {
    const auto origin = request_.field("origin");
    return request_.field("sec-fetch-site") == "cross-site" ||
           (!origin.empty() && origin != "null" && origin != parts_.issuer);
  }

  [[nodiscard]] std::string seal(const Principal& person, const auth::Sealer& sealer) const {
    const nlohmann::json json = {
        {"user_id", person.user_id()}, {"role", word(person.role)}, {"expires_at", number_of(model::now() + lifetime)}};
    return sealer.seal(json.dump(), place_of(approval_));
  }

  /// Who has signed in, as things are now; nothing when that was too long ago, or the user is gone.
  Result<std::optional<Principal>> opened(const std::string& sealed, const auth::Sealer& sealer) {
    const auto plain = sealer.open(sealed, place_of(approval_));
    const auto json = plain ? nlohmann::json::parse(*plain, nullptr, false) : nlohmann::json{};
    if (!json.is_object() || json.value("expires_at", 0LL) <= number_of(model::now())) return std::nullopt;
    const auto user = parts_.users.find_id(json.value("user_id", std::string{}));
    if (!user) return std::unexpected(user.error());
    if (!*user || !(*user)->is_active) return std::nullopt;
    const auto role = role_of(json.value("role", std::string{})).value_or(Role::user);
    Principal principal{.kind = Principal::Kind::user, .role = std::min((*user)->role, role)};
    principal.user = facts_of(**user);
    return principal;
  }

  Result<Outgoing> decide(const Form& form, const auth::Sealer& sealer) {
    const auto person = opened(form.value("session"), sealer);
    if (!person) return std::unexpected(person.error());
    if (!*person) return error_page("This page is too old. Open the link again.");
    const Actor actor{**person, actor_of(request_).request_id};
    const auto& decision = form.value("decision");
    if (decision != "approve" && decision != "reject") return error_page("Nothing was decided.");
    const auto decided =
        decision == "approve"
            ? parts_.approvals.approve(
                  actor, approval_,
                  {.scope = model::Scope::once, .duration = {}, .approver = {}, .reason = form.value("reason")})
            : parts_.approvals.reject(actor, approval_, {}, form.value("reason"));
    if (decided) return done_page(*decided);
    if (is_for_people(decided.error())) return trouble_page(decided.error());
    return std::unexpected(decided.error());
  }

  const DecisionPageParts& parts_;
  const Incoming& request_;
  const std::string& approval_;
};

}  // namespace

void add_approval_page(Router& router, const DecisionPageParts& parts) {
  router
      .add("GET", "/approvals/{}", Access::anybody,
           [](const Incoming& request) -> Result<Outgoing> { return sign_in_page(request.parameter(0), {}); })
      .says("shows the page on which a person decides about an approval");
  router
      .add("POST", "/approvals/{}", Access::anybody,
           [parts](const Incoming& request) { return Visit{parts, request}.answer(); })
      .says("signs a person in, and takes what they decide")
      .form();
}

}  // namespace runagents::server
