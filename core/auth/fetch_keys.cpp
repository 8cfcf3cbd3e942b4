#include "core/auth/key_lifetime.hpp"
#include "core/auth/key_set.hpp"
#include "core/auth/token_verifier.hpp"

namespace runagents::auth {

Result<FetchedKeys> fetch_keys(const model::IdentityProvider& provider) {
  const auto whose = "the keys of identity provider \"" + provider.name + "\"";
  const http::FetchRequest request{.url = provider.jwks_uri,
                                   .fields = {{"Accept", "application/json, application/jwk-set+json"}},
                                   .body = {},
                                   .ca_file = provider.ca_file,
                                   .max_body_bytes = KeySet::max_bytes};
  const auto response = http::fetch(request);
  if (!response) {
    return fail(response.error().code, "cannot get " + whose + ": " + response.error().message, response.error().hint);
  }
  if (response->status != 200) {
    return fail(ErrorCode::unavailable,
                "cannot get " + whose + ": " + provider.jwks_uri + " answers " + std::to_string(response->status),
                "jwks_uri has to name the key set itself; redirects are not followed");
  }
  auto keys = KeySet::parse(response->body);
  if (!keys) {
    return fail(ErrorCode::unavailable, "cannot use " + whose + ": " + provider.jwks_uri + " " + keys.error());
  }
  return FetchedKeys{.keys = std::make_shared<const KeySet>(*std::move(keys)), .fresh_for = key_lifetime(*response)};
}

}  // namespace runagents::auth
