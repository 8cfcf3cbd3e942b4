#include "server/oauth/sign_in.hpp"

#include <utility>

#include "server/oauth/authorization_request.hpp"
#include "server/oauth/page.hpp"
#include "server/oauth/sign_in_pages.hpp"
#include "server/oauth/sign_in_state.hpp"
#include "server/oauth/token_endpoint.hpp"
#include "server/oauth/user_code_guesses.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view start_again = "This page is too old, or was opened in another browser. Start again.";

std::expected<Form, std::string_view> query_of(const Incoming& request) {
  const std::string_view target = request.request().target;
  return Form::parse(target.substr(std::min(target.find('?') + 1, target.size())));
}

ClientRedirect back_to_client(const SignInState& state) {
  return {.redirect_uri = state.redirect_uri, .state = state.state};
}

bool is_https(const OAuthServices& services) { return services.issuer.issuer().starts_with("https:"); }

/// Another site may not post the forms. The sealed state sees to that already; what a browser says of the page that
/// posts comes on top.
bool is_from_elsewhere(const OAuthServices& services, const Incoming& request) {
  const auto origin = request.field("origin");
  return request.field("sec-fetch-site") == "cross-site" ||
         (!origin.empty() && origin != "null" && origin != services.issuer.issuer());
}

/// A sealed state that came with a form, opened. Nothing: start again.
std::optional<SignInState> state_of(OAuthServices& services, const Incoming& request, const Form& form,
                                    const auth::Sealer& sealer) {
  if (is_from_elsewhere(services, request)) return std::nullopt;
  return open(form.value("request"), sealer, request);
}

/// Shows the first page of a state.
Result<Outgoing> begin(OAuthServices& services, const Incoming& request, SignInState state, SignInPage shown) {
  const auto sealer = services.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const auto cookie = bind_to_browser(state, request, is_https(services));
  shown.sealed = seal(state, **sealer);
  auto answer = sign_in_page(shown);
  if (!cookie.empty()) answer.fields.emplace_back("set-cookie", cookie);
  return answer;
}

Actor by(const Principal& principal, const Incoming& request) {
  return {.principal = principal, .request_id = std::string{request.field("x-request-id")}};
}

Principal principal_of(const model::User& user, const SignInState& state) {
  Principal principal{.kind = Principal::Kind::user, .role = std::min(user.role, state.role)};
  principal.user = facts_of(user);
  return principal;
}

struct Signed {
  Principal principal;
  OAuthClient client;
  std::vector<std::string> server_ids;
};

/// Who has signed in and what the client would get, as things are now. The outer error is this server's, the inner one
/// the client's or the person's.
Result<OAuthResult<Signed>> look_up(OAuthServices& services, const SignInState& state) {
  const auto user = services.users.find_id(state.user_id);
  if (!user) return std::unexpected(user.error());
  auto client = services.clients.find(state.client_id);
  if (!client) return std::unexpected(client.error());
  if (!*user || !(*user)->is_active || !*client) {
    return OAuthResult<Signed>{refuse("access_denied", "the user or the client is gone")};
  }
  auto principal = principal_of(**user, state);
  auto ids = services.targets.resolve(state.resources, principal);
  if (!ids) return OAuthResult<Signed>{std::unexpected(std::move(ids.error()))};
  return Signed{.principal = std::move(principal), .client = *std::move(*client), .server_ids = std::move(*ids)};
}

Outgoing refused(OAuthServices& services, const SignInState& state, const OAuthError& error) {
  if (state.is_for_device()) return error_page(error.description);
  return redirect_with(back_to_client(state), services.issuer.issuer(), "error", error.error, error.description);
}

Result<Outgoing> show_decision(OAuthServices& services, const SignInState& state, const auth::Sealer& sealer) {
  const auto found = look_up(services, state);
  if (!found) return std::unexpected(found.error());
  if (!*found) return refused(services, state, found->error());
  const auto& [principal, client, server_ids] = **found;
  DecisionPage shown{.sealed = seal(state, sealer), .client = client.name.empty() ? client.id : client.name};
  shown.is_own_client = client.is_built_in;
  shown.email = principal.user->email;
  shown.role = word(principal.role);
  for (const auto& id : server_ids) {
    const auto server = services.servers.get(principal, id);
    if (!server) return std::unexpected(server.error());
    shown.servers.push_back(server->name);
  }
  shown.user_code = state.user_code;
  if (!state.is_for_device()) {
    shown.redirect_host = host_of(state.redirect_uri);
    shown.form_target = form_target_of(state.redirect_uri);
  }
  return decision_page(shown);
}

/// Signs the person in; nothing when the key is no good.
Result<std::optional<Principal>> sign_in(OAuthServices& services, const Form& form) {
  auto found = services.api_keys.find(form.value("api_key"));
  if (found) return std::optional{std::move(*found)};
  if (found.error().code == ErrorCode::unauthenticated) return std::nullopt;
  return std::unexpected(std::move(found.error()));
}

/// The device that shows the code; its client and what it asked for go into the state. Else why there is none.
Result<std::string_view> find_device(OAuthServices& services, const Actor& actor, const Form& form,
                                     SignInState& state) {
  UserCodeGuesses guesses{services.audit};
  const auto may_try = guesses.may_try(actor.principal);
  if (!may_try) return std::unexpected(may_try.error());
  if (!*may_try) return "You have typed too many codes that no device shows. Try again in 15 minutes.";
  auto device = services.devices.find(form.value("user_code"));
  if (!device) return std::unexpected(std::move(device.error()));
  if (!*device) {
    if (auto noted = guesses.note_wrong(actor); !noted) return std::unexpected(std::move(noted.error()));
    return "No device waits with this code. Codes are good for 15 minutes.";
  }
  state.client_id = std::move((*device)->client_id);
  state.resources = std::move((*device)->resources);
  state.user_code = std::move((*device)->user_code);
  return "";
}

/// What comes of it when the person allows it.
Login login_of(const SignInState& state, const Signed& who) {
  Login login;
  login.client_id = state.client_id;
  login.user_id = state.user_id;
  login.api_key_id = state.api_key_id;
  login.role = who.principal.role;
  login.server_ids = who.server_ids;
  return login;
}

Result<Outgoing> decide_device(OAuthServices& services, const SignInState& state, const Signed& who, bool allowed) {
  const auto decided = services.devices.decide(state.user_code, allowed, login_of(state, who));
  if (!decided) return std::unexpected(decided.error());
  if (!*decided) return error_page("The code has expired, or somebody has decided already.");
  return device_done_page(allowed);
}

Result<Outgoing> hand_out_code(OAuthServices& services, const SignInState& state, const Signed& who) {
  const auto code = services.codes.issue(
      {.login = login_of(state, who), .redirect_uri = state.redirect_uri, .code_challenge = state.code_challenge});
  if (!code) return std::unexpected(code.error());
  return redirect_with(back_to_client(state), services.issuer.issuer(), "code", code->reveal());
}

Result<void> note(OAuthServices& services, const Incoming& request, const SignInState& state, const Signed& who,
                  bool allowed) {
  if (allowed) {
    if (auto used = services.clients.note_use(state.client_id); !used) return used;
  }
  return services.audit.add(by(who.principal, request), {.action = "login.decide",
                                                         .user_id = state.user_id,
                                                         .object = state.client_id,
                                                         .outcome = allowed ? "ok" : "refused"});
}

}  // namespace

Result<Outgoing> answer_authorization(OAuthServices& services, const Incoming& request) {
  const auto form = query_of(request);
  if (!form) return error_page("The request cannot be read: " + std::string{form.error()} + ".");
  const auto client = services.clients.find(form->value("client_id"));
  if (!client) return std::unexpected(client.error());
  // Nobody is sent to an address that is not known to be the client's (RFC 6749, section 4.1.2.1).
  if (!*client) return error_page("No program with this client id is registered here.");
  if (!may_redirect(**client, form->value("redirect_uri"))) {
    return error_page("The program has not registered the address that your browser would be sent to.");
  }
  auto state = read_authorization_request(*form);
  if (!state) {
    const ClientRedirect to{.redirect_uri = form->value("redirect_uri"), .state = form->value("state")};
    // Anybody can register a client: its address is no place to send people to who have not even signed in (RFC 9700,
    // section 4.11.2).
    if (!is_loopback_redirect(to.redirect_uri)) {
      return error_page("The program's request is not valid: " + state.error().description + ".");
    }
    return redirect_with(to, services.issuer.issuer(), "error", state.error().error, state.error().description);
  }
  const auto& name = (*client)->name;
  auto target = form_target_of(state->redirect_uri);
  return begin(services, request, std::move(*state),
               {.sealed = {}, .client = name.empty() ? (*client)->id : name, .form_target = std::move(target)});
}

Result<Outgoing> answer_device_page(OAuthServices& services, const Incoming& request) {
  const auto form = query_of(request);
  const auto code = form ? canonical_user_code(form->value("user_code")) : std::string{};
  return begin(services, request, {}, {.sealed = {}, .client = {}, .asks_for_code = true, .user_code = code});
}

Result<Outgoing> answer_sign_in(OAuthServices& services, const Incoming& request) {
  const auto sealer = services.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const auto form = read_form(request);
  auto state = form ? state_of(services, request, *form, **sealer) : std::nullopt;
  if (!state || !state->user_id.empty()) return error_page(start_again);
  const auto again = [&](std::string trouble) {
    return sign_in_page({.sealed = form->value("request"),
                         .client = {},
                         .asks_for_code = state->is_for_device(),
                         .user_code = canonical_user_code(form->value("user_code")),
                         .trouble = std::move(trouble),
                         .form_target = form_target_of(state->redirect_uri)});
  };
  const auto person = sign_in(services, *form);
  if (!person) return std::unexpected(person.error());
  if (!*person) return again("This is not a valid API key.");
  // Only now: whoever has no key cannot try codes.
  if (state->is_for_device()) {
    const auto trouble = find_device(services, by(**person, request), *form, *state);
    if (!trouble) return std::unexpected(trouble.error());
    if (!trouble->empty()) return again(std::string{*trouble});
  }
  state->user_id = (*person)->user_id();
  state->api_key_id = (*person)->credential_id;
  state->role = (*person)->role;
  return show_decision(services, *state, **sealer);
}

Result<Outgoing> answer_decision(OAuthServices& services, const Incoming& request) {
  const auto sealer = services.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  const auto form = read_form(request);
  const auto state = form ? state_of(services, request, *form, **sealer) : std::nullopt;
  if (!state || state->user_id.empty()) return error_page(start_again);
  auto found = look_up(services, *state);
  if (!found) return std::unexpected(found.error());
  if (!*found) return refused(services, *state, found->error());
  const bool allowed = form->value("decision") == "allow";
  if (auto noted = note(services, request, *state, **found, allowed); !noted) return std::unexpected(noted.error());
  if (state->is_for_device()) return decide_device(services, *state, **found, allowed);
  if (!allowed) return refused(services, *state, {.error = "access_denied", .description = "the person denied it"});
  return hand_out_code(services, *state, **found);
}

}  // namespace runagents::server
