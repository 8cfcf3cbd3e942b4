#include "server/service/identity_providers.hpp"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/api/identity_provider_json.hpp"
#include "core/config/url.hpp"
#include "core/policy/target.hpp"
#include "server/service/plain_text.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t max_texts = 64;
constexpr std::size_t max_text_bytes = 1024;

/// A URL whose answers are trusted. Kept as it is written: an issuer is compared with `iss` byte by byte (RFC 7519,
/// section 4.1.1).
Result<void> check_service(std::string_view what, const std::string& url) {
  if (url.empty()) return fail(ErrorCode::usage, "an identity provider needs \"" + std::string{what} + '"');
  const auto target = policy::parse_target(url);
  if (!target) {
    return fail(ErrorCode::usage, '"' + std::string{what} + "\" is not a URL: " + target.error().message);
  }
  if (config::leaves_in_clear(target->scheme, target->authority.host)) {
    return fail(ErrorCode::usage, '"' + std::string{what} + "\" must be https: what it answers is trusted");
  }
  return {};
}

Result<void> check_texts(std::string_view what, const std::vector<std::string>& texts) {
  if (texts.size() > max_texts) return fail(ErrorCode::usage, '"' + std::string{what} + "\" has too many values");
  for (const auto& text : texts) {
    if (text.empty()) return fail(ErrorCode::usage, '"' + std::string{what} + "\" has an empty value");
    if (auto checked = check_text(what, text, max_text_bytes); !checked) return checked;
  }
  return {};
}

Result<void> make_domains(std::string_view what, std::vector<std::string>& domains) {
  std::string scratch;
  for (auto& domain : domains) {
    const auto host = policy::canonical_host(domain, scratch);
    if (!host) return fail(ErrorCode::usage, '"' + std::string{what} + "\" is not a domain: " + host.error().message);
    domain = std::string{*host};
  }
  return {};
}

Result<void> check(model::IdentityProvider& provider) {
  if (auto named = check_unique_name("name", provider.name); !named) return named;
  if (auto url = check_service("issuer", provider.issuer); !url) return url;
  if (auto url = check_service("jwks_uri", provider.jwks_uri); !url) return url;
  if (provider.user_id_claim.empty()) return fail(ErrorCode::usage, "\"user_id_claim\" must not be empty");
  if (auto claim = check_text("user_id_claim", provider.user_id_claim, max_name_bytes); !claim) return claim;
  if (!provider.ca_file.empty() && !provider.ca_file.starts_with('/')) {
    return fail(ErrorCode::usage, "\"ca_file\" must be an absolute path on the server");
  }
  for (const auto& [what, texts] : {std::pair{"audiences", &provider.audiences},
                                    std::pair{"allowed_client_domains", &provider.allowed_client_domains},
                                    std::pair{"allowed_email_domains", &provider.allowed_email_domains}}) {
    if (auto checked = check_texts(what, *texts); !checked) return checked;
  }
  if (auto made = make_domains("allowed_client_domains", provider.allowed_client_domains); !made) return made;
  return make_domains("allowed_email_domains", provider.allowed_email_domains);
}

Result<IdentityProviders::Stored> stored(Resource resource, bool is_new = false) {
  const auto json = nlohmann::ordered_json::parse(resource.document, nullptr, false);
  if (!json.is_object()) return fail(ErrorCode::internal, "an identity provider in the store cannot be read");
  auto provider = api::identity_provider_from_json(json);
  if (!provider) return std::unexpected(std::move(provider.error()));
  provider->name = resource.name;
  return IdentityProviders::Stored{.provider = std::move(*provider), .resource = std::move(resource), .is_new = is_new};
}

}  // namespace

Result<IdentityProviders::Stored> IdentityProviders::put(const Actor& actor, model::IdentityProvider provider) {
  if (auto checked = check(provider); !checked) return std::unexpected(std::move(checked.error()));
  if (provider.issuer == own_issuer_) return fail(ErrorCode::conflict, "this server is the issuer of its own tokens");
  const auto others = list();
  if (!others) return std::unexpected(others.error());
  for (const auto& other : *others) {
    if (other.provider.issuer == provider.issuer && other.provider.name != provider.name) {
      return fail(ErrorCode::conflict, "the identity provider \"" + other.provider.name + "\" has the same issuer",
                  "one identity provider may have several audiences");
    }
  }
  auto put = resources_.put(actor, provider.name, api::to_json(provider).dump());
  if (!put) return std::unexpected(std::move(put.error()));
  return stored(std::move(put->resource), put->change == Resources::Change::created);
}

Result<IdentityProviders::Stored> IdentityProviders::get(std::string_view name) {
  auto found = resources_.get(name);
  if (!found) return std::unexpected(std::move(found.error()));
  return stored(std::move(*found));
}

Result<std::vector<IdentityProviders::Stored>> IdentityProviders::list() {
  auto found = resources_.list();
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<Stored> all;
  for (auto& resource : *found) {
    auto one = stored(std::move(resource));
    if (!one) return std::unexpected(std::move(one.error()));
    all.push_back(std::move(*one));
  }
  return all;
}

Result<void> IdentityProviders::remove(const Actor& actor, std::string_view name) {
  return resources_.remove(actor, name);
}

Result<std::uint64_t> IdentityProviders::version() { return resources_.version(); }

}  // namespace runagents::server
