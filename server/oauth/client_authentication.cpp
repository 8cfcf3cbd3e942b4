#include "server/oauth/client_authentication.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <openssl/evp.h>
#include <string_view>
#include <utility>
#include <vector>

#include "core/api/target.hpp"
#include "core/ascii.hpp"
#include "server/presented.hpp"
#include "server/service/api_keys.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view no_api_keys =
    "API keys are not accepted here: authenticate with the client id and the client secret of an agent account";

/// RFC 4648, section 4, with padding, as Basic has it (RFC 7617).
std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::size_t max_bytes = 4096;
  if (text.empty() || text.size() % 4 != 0 || text.size() > max_bytes) return std::nullopt;
  std::vector<unsigned char> bytes(text.size() / 4 * 3);
  const auto size =
      EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  // It counts what padding stands for as bytes.
  const auto padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  if (size < padding) return std::nullopt;
  return std::string{reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(size - padding)};
}

/// Id and secret are form-encoded before they are joined (RFC 6749, section 2.3.1).
std::optional<std::string> form_decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return api::percent_decoded(spaced);
}

OAuthResult<ClientCredentials> read_basic(std::string_view credentials) {
  const auto pair = from_base64(credentials);
  const auto colon = pair ? pair->find(':') : std::string::npos;
  if (colon == std::string::npos) return refuse_client("the Basic credentials cannot be read", true);
  auto id = form_decoded(std::string_view{*pair}.substr(0, colon));
  auto secret = form_decoded(std::string_view{*pair}.substr(colon + 1));
  if (!id || !secret || id->empty() || secret->empty()) {
    return refuse_client("the Basic credentials cannot be read", true);
  }
  return ClientCredentials{.id = std::move(*id), .secret = std::move(*secret), .is_basic = true};
}

bool has_key_field(const Incoming& request) {
  return !request.field("x-runlayer-api-key").empty() || !request.field("x-runagents-api-key").empty();
}

std::unexpected<OAuthError> refuse_key(bool is_basic) {
  auto refusal = refuse_client(std::string{no_api_keys}, is_basic);
  refusal.error().detail = "invalid_client: " + std::string{no_api_keys};
  return refusal;
}

}  // namespace

OAuthResult<ClientCredentials> read_client(const Incoming& request, const Form& form) {
  // Of a field that came twice, this server and what stands before it could each believe another one.
  if (const auto presented = presented_credentials(request.request().fields); !presented) {
    return refuse("invalid_request", presented.error().message);
  }
  const auto authorization = request.field("authorization");
  const auto blank = std::min(authorization.find(' '), authorization.size());
  const auto scheme = lowered(authorization.substr(0, blank));
  auto credentials = authorization.substr(blank);
  credentials.remove_prefix(std::min(credentials.find_first_not_of(' '), credentials.size()));

  ClientCredentials client{.id = form.value("client_id"), .secret = form.value("client_secret")};
  if (scheme == "bearer" && ApiKeys::looks_like_key(credentials)) return refuse_key(false);
  if (scheme == "basic") {
    auto basic = read_basic(credentials);
    if (!basic) return basic;
    // The id alone may be there as well: some libraries always send it, and it is no authentication.
    if (!client.secret.empty() || (!client.id.empty() && client.id != basic->id)) {
      return refuse("invalid_request", "the client authenticates in two ways at once");
    }
    client = std::move(*basic);
  } else if (!authorization.empty()) {
    return refuse("invalid_request", "the Authorization field of this endpoint is for Basic only");
  }
  if (ApiKeys::looks_like_key(client.id) || ApiKeys::looks_like_key(client.secret)) return refuse_key(client.is_basic);
  if (has_key_field(request)) {
    if (client.id.empty()) return refuse_key(false);
    return refuse("invalid_request", "the request has a client and an API key");
  }
  if (client.id.empty() && !client.secret.empty()) {
    return refuse("invalid_request", "client_secret comes without client_id");
  }
  return client;
}

OAuthResult<model::AgentAccount> authenticate(const ClientCredentials& client, AgentAccounts& accounts) {
  if (client.id.empty()) return refuse_client("client id and client secret are missing", client.is_basic);
  auto account = accounts.check_secret(client.id, client.secret);
  if (account) return *std::move(account);
  if (account.error().code != ErrorCode::unauthenticated) return refuse_for_now(account.error());
  return refuse_client("the client id or the client secret is wrong, or the agent account is deactivated",
                       client.is_basic);
}

}  // namespace runagents::server
