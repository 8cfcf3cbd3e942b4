#include <algorithm>
#include <array>
#include <map>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/url.hpp"
#include "core/policy/target.hpp"

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

void read_domains(const Value& value, std::vector<std::string>& domains) {
  std::string scratch;
  for (const auto& item : value.items()) {
    const auto host = policy::canonical_host(item.text(), scratch);
    if (host) {
      domains.emplace_back(*host);
    } else {
      item.report("is not a domain: " + host.error().message, R"(write it like "example.com")");
    }
  }
}

constexpr std::array keys = {
    Key<IdentityProvider>{"issuer", Shape::text, read_issuer, true},
    Key<IdentityProvider>{"jwks_uri", Shape::text, read_keys_url, true},
    Key<IdentityProvider>{"audiences", Shape::words,
                          [](const Value& v, IdentityProvider& p) { p.audiences = v.texts(); }},
    Key<IdentityProvider>{"user_id_claim", Shape::text,
                          [](const Value& v, IdentityProvider& p) { p.user_id_claim = v.text(); }},
    Key<IdentityProvider>{"allowed_client_domains", Shape::words,
                          [](const Value& v, IdentityProvider& p) { read_domains(v, p.allowed_client_domains); }},
    Key<IdentityProvider>{"allowed_email_domains", Shape::words,
                          [](const Value& v, IdentityProvider& p) { read_domains(v, p.allowed_email_domains); }},
    Key<IdentityProvider>{"ca_file", Shape::text,
                          [](const Value& v, IdentityProvider& p) { p.ca_file = read_file_path(v); }},
};

}  // namespace

void read_identity_provider(const Value& table, IdentityProvider& provider) { read_table(table, keys, provider); }

void check_identity_providers(const Value& table, const model::Project& project) {
  std::map<std::string_view, std::string_view> first;
  for (const auto& member : table.members()) {
    const auto provider = std::ranges::find(project.identity_providers, member.name(), &IdentityProvider::name);
    if (provider == project.identity_providers.end() || provider->issuer.empty()) continue;
    const auto& [issuer, name] = *first.try_emplace(provider->issuer, provider->name).first;
    if (name == provider->name) continue;
    member.report_at_key("has the same issuer as \"" + std::string{name} + "\"",
                         "one identity provider may have several audiences");
  }
}

void list_identity_provider_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
