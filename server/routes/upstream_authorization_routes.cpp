// How a user connects to an MCP server: the API begins it, and the pages here lead the person's browser to the server's
// authorization server and take it back.
//
// Who began gets a link, and could send it to somebody else, whose account at the MCP server would then be connected to
// the wrong user here. So the link leads to a page that says for whom it is, and the browser that comes back must be
// the one that was shown it.

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/auth/hash.hpp"
#include "core/auth/percent.hpp"
#include "core/http/html.hpp"
#include "core/policy/target.hpp"
#include "server/mcp/upstream_authorizations.hpp"
#include "server/oauth/page.hpp"
#include "server/oauth/token_endpoint.hpp"
#include "server/request_id.hpp"
#include "server/routes/answers.hpp"
#include "server/routes/management.hpp"
#include "server/routes/routes.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view too_old =
    "This link is too old, was used already, or was opened in another browser. Connect again.";

struct Cookie {
  std::string name;
  std::string value;
};

/// Who has the state can work it out, but not put it into somebody else's browser.
Cookie cookie_of(std::string_view state) {
  return {.name = "runagents_connect_" + digest_of(state).substr(0, 16),
          .value = digest_of("connect " + std::string{state})};
}

bool has_cookie(const Incoming& request, std::string_view state) {
  const auto wanted = cookie_of(state);
  const auto pair = wanted.name + "=" + wanted.value;
  auto rest = request.field("cookie");
  while (!rest.empty()) {
    auto one = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    one.remove_prefix(std::min(one.find_first_not_of(' '), one.size()));
    if (auth::equal_in_constant_time(one, pair)) return true;
  }
  return false;
}

/// Another site may not go on for the person. Its form comes without the cookie (SameSite), and this comes on top.
bool is_from_elsewhere(const Incoming& request, const std::string& issuer) {
  const auto origin = request.field("origin");
  return request.field("sec-fetch-site") == "cross-site" || (!origin.empty() && origin != "null" && origin != issuer);
}

std::string origin_of(const std::string& url) {
  const auto target = policy::parse_target(url);
  if (!target) return {};
  const model::BaseUrl base{
      .scheme = target->scheme, .host = target->authority.host, .port = target->authority.port, .path = {}};
  return target->scheme + "://" + base.authority();
}

Result<Outgoing> begin(UpstreamAuthorizations& authorizations, McpServers& servers, const std::string& issuer,
                       const Incoming& request) {
  const auto& principal = request.principal();
  const auto server = servers.get(principal, request.parameter(0));
  if (!server) return std::unexpected(server.error());
  if (!principal.user || issuer.empty()) {
    return fail(ErrorCode::usage, "only a user of a server can connect to an MCP server",
                "use a context of a server, with an API key or a login of your own");
  }
  if (!server->needs_oauth()) {
    return fail(ErrorCode::usage, "the server \"" + server->name + "\" does not use OAuth", {}, "server_has_no_oauth");
  }
  const auto begun = authorizations.begin(*server, principal.user->id);
  if (!begun) return std::unexpected(begun.error());
  return json_answer({{"authorization_url", issuer + "/oauth/connect?state=" + begun->state},
                      {"expires_at", model::to_iso8601(begun->expires_at)}});
}

/// Says for whom it is.
Result<Outgoing> show(UpstreamAuthorizations& authorizations, const std::string& issuer, const Incoming& request) {
  const auto state = request.query("state");
  const auto pending = authorizations.find(state);
  if (!pending) return std::unexpected(pending.error());
  if (!*pending) return error_page(too_old);
  const auto& [server, user, client, verifier, redirect_uri] = **pending;
  const auto row = [](std::string_view name, std::string_view value) {
    return "<dt>" + http::escaped_html(name) + "</dt><dd>" + http::escaped_html(value) + "</dd>";
  };
  const auto target = origin_of(client.auth.auth_url);
  auto answer = page("Connect to " + server.name + "?",
                     "<dl>" + row("User here", user.email) + row("MCP server", server.name + " (" + server.url + ")") +
                         row("You sign in at", target) +
                         "</dl><p>Go on only if you are this user and have started this yourself: whatever this user "
                         "allows here then acts with your account there.</p><form method=\"post\" "
                         "action=\"/oauth/connect\"><input type=\"hidden\" name=\"state\" value=\"" +
                         http::escaped_html(state) + "\"><button class=\"main\">Go on</button></form>",
                     200, target);
  const auto cookie = cookie_of(state);
  answer.fields.emplace_back("set-cookie", cookie.name + "=" + cookie.value + "; Path=/oauth; Max-Age=600; HttpOnly; " +
                                               "SameSite=Lax" + (issuer.starts_with("https:") ? "; Secure" : ""));
  return answer;
}

Result<Outgoing> go_on(UpstreamAuthorizations& authorizations, const std::string& issuer, const Incoming& request) {
  const auto form = read_form(request);
  const auto state = form ? std::string{form->value("state")} : std::string{};
  if (is_from_elsewhere(request, issuer) || !has_cookie(request, state)) return error_page(too_old, 403);
  const auto pending = authorizations.find(state);
  if (!pending) return std::unexpected(pending.error());
  if (!*pending) return error_page(too_old);
  return Outgoing{303,
                  {},
                  {{"location", UpstreamAuthorizations::url_of(**pending, state)},
                   {"cache-control", "no-store"},
                   {"referrer-policy", "no-referrer"}}};
}

Result<Outgoing> come_back(UpstreamAuthorizations& authorizations, AuditLog& audit, const Incoming& request) {
  const std::string_view target = request.request().target;
  const auto response = auth::read_authorization_response(target.substr(std::min(target.find('?') + 1, target.size())));
  if (!response)
    return error_page("The answer of the authorization server cannot be read: " + std::string{response.error()} + ".");
  if (!has_cookie(request, response->state)) return error_page(too_old, 403);
  const auto pending = authorizations.take(response->state);
  if (!pending) return std::unexpected(pending.error());
  if (!*pending) return error_page(too_old);
  Principal person{.kind = Principal::Kind::user};
  person.user = facts_of((*pending)->user);
  const Actor actor{.principal = person, .request_id = request_id_of(request.field("x-request-id"))};
  const auto session = authorizations.finish(actor, **pending, *response);
  if (!session) {
    const auto& server = (*pending)->server;
    auto noted = audit.add(actor, {.action = "oauth_session.connect", .server_id = server.id, .outcome = "failed"});
    if (!noted) return std::unexpected(std::move(noted.error()));
    if (session.error().code != ErrorCode::forbidden) return std::unexpected(session.error());
    return error_page("You are not connected: " + session.error().message + ".", 403);
  }
  return page("Connected", "<p>" + http::escaped_html((*pending)->user.email) + " is connected to " +
                               http::escaped_html((*pending)->server.name) + ". You can close this window.</p>");
}

}  // namespace

bool asks_other_servers(std::string_view method, std::string_view path) noexcept {
  return (method == "POST" && path.ends_with("/oauth-session/authorize")) || path == "/oauth/callback";
}

void add_upstream_authorization_routes(Router& router, Router& site, UpstreamAuthorizations& authorizations,
                                       McpServers& servers, AuditLog& audit, const std::string& issuer) {
  add_change(router, audit, "POST", "/servers/{}/oauth-session/authorize", Access::user, "oauth_session.authorize",
             [&](const Incoming& request) { return begin(authorizations, servers, issuer, request); })
      .says("begins a login at the server that the MCP server trusts");
  if (issuer.empty()) return;
  site.add("GET", "/oauth/connect", Access::anybody,
           [&](const Incoming& request) { return show(authorizations, issuer, request); })
      .says("shows the person which server they are about to log in at");
  site.add("POST", "/oauth/connect", Access::anybody,
           [&](const Incoming& request) { return go_on(authorizations, issuer, request); })
      .says("sends the person on to that server")
      .form();
  site.add("GET", "/oauth/callback", Access::anybody,
           [&](const Incoming& request) { return come_back(authorizations, audit, request); })
      .says("takes the person back from that server (RFC 6749, section 4.1.2)");
}

}  // namespace runagents::server
