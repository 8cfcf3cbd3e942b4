#include "core/auth/oauth2.hpp"

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"
#include "core/auth/scopes.hpp"

namespace runagents::auth {
namespace {

using config::wipe;
using model::ClientAuth;
using Kind = TokenFailure::Kind;

}  // namespace

/// application/x-www-form-urlencoded (RFC 6749, appendix B). What would be empty is left out.
class OAuth2Client::Form {
 public:
  explicit Form(std::string_view grant_type) { add("grant_type", grant_type); }
  Form() = default;

  Form& add(std::string_view name, std::string_view value) {
    if (value.empty()) return *this;
    if (!text_.empty()) text_ += '&';
    text_.append(name).append("=").append(percent_encoded(value));
    return *this;
  }
  /// What says for whom the token is meant.
  Form& add_target(const model::Auth& auth) { return add("audience", auth.audience).add("resource", auth.resource); }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

http::FetchRequest OAuth2Client::request(const std::string& url, Form form) const {
  http::FetchRequest request;
  request.method = "POST";
  request.url = url;
  request.ca_file = auth_.ca_file;
  request.fields = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
  if (auth_.client_auth == ClientAuth::client_secret_basic) {
    // RFC 6749, 2.3.1: both are encoded first, so that a colon separates them.
    auto pair = percent_encoded(auth_.client_id) + ":" + percent_encoded(secret_.reveal());
    request.fields.emplace_back("Authorization", "Basic " + base64(pair));
    wipe(pair);
  } else {
    form.add("client_id", auth_.client_id);
    if (auth_.client_auth == ClientAuth::client_secret_post) form.add("client_secret", secret_.reveal());
  }
  request.body = std::move(form).take();
  return request;
}

OAuth2Client::Outcome OAuth2Client::ask(Form form) const {
  auto sent = request(auth_.token_url, std::move(form));
  auto response = fetch_(sent);
  wipe(sent.body);
  for (auto& [name, value] : sent.fields) wipe(value);
  if (!response) return std::unexpected(TokenFailure{Kind::temporary, response.error().message});
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto outcome = read_token_response(*response, now);
  wipe(response->body);
  return outcome;
}

OAuth2Client::Outcome OAuth2Client::redeem(std::string_view code, std::string_view redirect_uri,
                                           std::string_view verifier) const {
  Form form{"authorization_code"};
  form.add("code", code).add("redirect_uri", redirect_uri).add("code_verifier", verifier);
  form.add("resource", auth_.resource);
  return ask(std::move(form));
}

OAuth2Client::Outcome OAuth2Client::refresh(const config::Secret& refresh_token) const {
  Form form{"refresh_token"};
  form.add("refresh_token", refresh_token.reveal()).add("resource", auth_.resource);
  return ask(std::move(form));
}

OAuth2Client::Outcome OAuth2Client::client_credentials() const {
  Form form{"client_credentials"};
  form.add("scope", joined(auth_.scopes)).add_target(auth_);
  return ask(std::move(form));
}

OAuth2Client::Outcome OAuth2Client::exchange(const config::Secret& subject_token) const {
  constexpr std::string_view access_token = "urn:ietf:params:oauth:token-type:access_token";
  Form form{"urn:ietf:params:oauth:grant-type:token-exchange"};
  form.add("subject_token", subject_token.reveal()).add("subject_token_type", access_token);
  form.add("requested_token_type", access_token).add("scope", joined(auth_.scopes)).add_target(auth_);
  return ask(std::move(form));
}

Result<void> OAuth2Client::revoke(const config::Secret& token, std::string_view type_hint) const {
  Form form;
  form.add("token", token.reveal()).add("token_type_hint", type_hint);
  auto sent = request(auth_.revocation_url, std::move(form));
  const auto response = fetch_(sent);
  wipe(sent.body);
  if (!response) return std::unexpected(response.error());
  if (response->status == 200 || response->status == 204) return {};
  return fail(ErrorCode::unavailable,
              "the revocation endpoint answered with status " + std::to_string(response->status));
}

}  // namespace runagents::auth
