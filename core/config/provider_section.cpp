#include <algorithm>
#include <array>

#include "core/config/address.hpp"
#include "core/config/provider_defaults.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/url.hpp"
#include "core/model/routing.hpp"

namespace runagents::config {
namespace {

using model::Provider;
using model::ProviderType;
using enum model::ProviderType;

constexpr std::array types = {
    Word<ProviderType>{"openai", openai},       Word<ProviderType>{"azure_openai", azure_openai},
    Word<ProviderType>{"anthropic", anthropic}, Word<ProviderType>{"bedrock", bedrock},
    Word<ProviderType>{"ollama", ollama},       Word<ProviderType>{"playground", playground},
};

constexpr std::array networks = {Word<model::Network>{"public", model::Network::public_only},
                                 Word<model::Network>{"private", model::Network::private_allowed}};

void read_type(const Value& value, Provider& provider) {
  if (const auto type = read_word(value, types)) provider.type = *type;
}

void read_url(const Value& value, Provider& provider) {
  if (auto url = read_http_base_url(value)) provider.upstream.base_url = *std::move(url);
}

constexpr std::array short_auth_keys = {
    Key<Provider>{"secret", Shape::text, [](const Value& v, Provider& p) { read_secret(v, p.upstream.auth.secret); },
                  true},
};

/// With a type as for a tool; without one, the provider's own way with this secret.
void read_provider_auth(const Value& table, Provider& provider) {
  const auto type = table.member("type");
  if (!type) return read_table(table, short_auth_keys, provider);
  read_auth(table, provider.upstream.auth);
  if (provider.upstream.auth.type == model::AuthType::agent_token) type->report("is for tools only");
}

void read_network(const Value& value, Provider& provider) {
  if (const auto network = read_word(value, networks)) provider.upstream.network = *network;
}

/// It becomes a part of a host name, and of a signature's scope.
void read_region(const Value& value, Provider& provider) {
  provider.region = value.text();
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (!std::ranges::all_of(value.text(), is_plain)) value.report(R"(is no region, such as "eu-central-1")");
}

void read_api_version(const Value& value, Provider& provider) {
  provider.api_version = value.text();
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  if (!std::ranges::all_of(value.text(), is_plain)) value.report(R"(is no version, such as "2024-10-21")");
}

constexpr std::array keys = {
    Key<Provider>{"type", Shape::text, read_type, true},
    Key<Provider>{"base_url", Shape::text, read_url},
    Key<Provider>{"auth", Shape::table, read_provider_auth, false, list_auth_keys},
    Key<Provider>{"models", Shape::words, [](const Value& v, Provider& p) { p.models = v.texts(); }},
    Key<Provider>{"region", Shape::text, read_region},
    Key<Provider>{"api_version", Shape::text, read_api_version},
    Key<Provider>{"prices", Shape::named_tables, read_prices, false, list_price_keys},
    Key<Provider>{"limits", Shape::table, [](const Value& v, Provider& p) { read_model_limits(v, p.upstream.limits); },
                  false, list_model_limits_keys},
    Key<Provider>{"risk_tags", Shape::words, [](const Value& v, Provider& p) { p.upstream.risk_tags = v.texts(); }},
    Key<Provider>{"network", Shape::text, read_network},
    Key<Provider>{"insecure", Shape::boolean, [](const Value& v, Provider& p) { p.upstream.insecure = v.boolean(); }},
    Key<Provider>{"trace_headers", Shape::boolean,
                  [](const Value& v, Provider& p) { p.upstream.trace_headers = v.boolean(); }},
    Key<Provider>{"scrub", Shape::boolean, [](const Value& v, Provider& p) { p.upstream.scrub = v.boolean(); }},
    Key<Provider>{"ca_file", Shape::text, [](const Value& v, Provider& p) { p.upstream.ca_file = read_file_path(v); }},
    Key<Provider>{"timeout", Shape::text, [](const Value& v, Provider& p) { read_duration(v, p.upstream.timeout); }},
    Key<Provider>{"record_bodies", Shape::boolean, [](const Value& v, Provider& p) { p.record_bodies = v.boolean(); }},
};

void report_foreign(const Value& table, std::string_view key, ProviderType type) {
  const auto member = table.member(key);
  if (member) member->report_at_key("means nothing for type \"" + std::string{word(type)} + "\"");
}

/// Keys that belong to one type, or to all but one.
void check_keys(const Value& table, const Provider& provider) {
  if (provider.type != bedrock) report_foreign(table, "region", provider.type);
  if (provider.type != azure_openai) report_foreign(table, "api_version", provider.type);
  if (provider.type == azure_openai && !table.member("base_url")) table.report_missing("base_url");
  if (provider.type == bedrock && !table.member("region")) table.report_missing("region");
  if (provider.type != playground) return;
  for (const std::string_view key :
       {"base_url", "auth", "network", "insecure", "trace_headers", "scrub", "ca_file", "timeout"}) {
    report_foreign(table, key, provider.type);
  }
}

void check_place(const Value& table, Provider& provider) {
  auto& upstream = provider.upstream;
  const auto url = table.member("base_url");
  const bool has_credential = upstream.auth.type != model::AuthType::none || upstream.auth.secret;
  if (url && has_credential && !upstream.insecure &&
      leaves_in_clear(upstream.base_url.scheme, upstream.base_url.host)) {
    url->report("would send the credential without TLS", "use https, or set insecure = true");
  }
  const auto kind = kind_of_host(upstream.base_url.host);
  if (kind != HostKind::loopback && kind != HostKind::internal) return;
  const auto network = table.member("network");
  if (network && upstream.network == model::Network::public_only) {
    network->report("contradicts the base URL, which is on a private network");
  }
  upstream.network = model::Network::private_allowed;
}

/// A budget can only be kept of what is known to cost something.
void check_prices(const Value& member, const Provider& provider, const model::Project& project) {
  if (!project.agent.limits.has_budget() && !provider.upstream.limits.has_budget()) return;
  for (const auto& route : model::known_models(project)) {
    if (route.provider != &provider || provider.price_of(route.model)) continue;
    member.report_at_key("has no price for the model \"" + route.model + "\", and a budget counts it",
                         "add it to [providers." + provider.name + ".prices]");
  }
}

}  // namespace

void read_provider(const Value& table, Provider& provider) {
  read_table(table, keys, provider);
  provider.upstream.name = provider.name;
  provider.upstream.kind = model::ToolKind::llm;
  const auto type = table.member("type");
  if (type && std::ranges::find(types, type->text(), &Word<ProviderType>::word) != types.end()) {
    check_keys(table, provider);
    complete(provider);
  }
  check_place(table, provider);
}

void list_provider_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

void check_providers(const Value& table, const model::Project& project) {
  for (const auto& member : table.members()) {
    const auto* provider = project.provider(member.name());
    if (provider == nullptr) continue;
    if (project.tool(provider->name) != nullptr) {
      member.report_at_key("is the name of a tool, too, and rules could not tell them apart");
    }
    check_prices(member, *provider, project);
  }
}

}  // namespace runagents::config
