#include <array>

#include "core/config/sections.hpp"
#include "core/config/url.hpp"

namespace runagents::config {
namespace {

using model::IdentityProvider;

/// An issuer is compared with the claim `iss` as it is written (RFC 7519, 4.1.1), so it is kept that way.
void read_issuer(const Value& value, IdentityProvider& provider) {
  if (read_service_url(value)) provider.issuer = value.text();
}

void read_keys_url(const Value& value, IdentityProvider& provider) {
  if (auto url = read_service_url(value)) provider.jwks_uri = *std::move(url);
}

constexpr std::array keys = {
    Key<IdentityProvider>{"issuer", Shape::text, read_issuer, true},
    Key<IdentityProvider>{"jwks_uri", Shape::text, read_keys_url, true},
    Key<IdentityProvider>{"audiences", Shape::words,
                          [](const Value& v, IdentityProvider& p) { p.audiences = v.texts(); }},
    Key<IdentityProvider>{"user_id_claim", Shape::text,
                          [](const Value& v, IdentityProvider& p) { p.user_id_claim = v.text(); }},
};

}  // namespace

void read_identity_provider(const Value& table, IdentityProvider& provider) { read_table(table, keys, provider); }

void list_identity_provider_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
