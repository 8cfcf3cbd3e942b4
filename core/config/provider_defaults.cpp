#include "core/config/provider_defaults.hpp"

#include <array>
#include <cmath>

namespace runagents::config {
namespace {

using model::Auth;
using model::AuthType;
using model::BaseUrl;
using model::Price;
using model::Provider;

constexpr double pico_dollars_per_token = 1e6;

model::PicoDollars price_of(const Value& value) {
  return static_cast<model::PicoDollars>(std::llround(value.number() * pico_dollars_per_token));
}

constexpr std::array price_keys = {
    Key<Price>{"input", Shape::number, [](const Value& v, Price& p) { p.input = price_of(v); }, true},
    Key<Price>{"output", Shape::number, [](const Value& v, Price& p) { p.output = price_of(v); }},
    Key<Price>{"cached_input", Shape::number, [](const Value& v, Price& p) { p.cached_input = price_of(v); }},
    Key<Price>{"cache_write", Shape::number, [](const Value& v, Price& p) { p.cache_write = price_of(v); }},
};

void use(BaseUrl& url, std::string_view scheme, std::string host, std::uint16_t port) {
  if (url.host.empty()) url = {std::string{scheme}, std::move(host), port, {}};
}

void drop_suffix(BaseUrl& url, std::string_view suffix) {
  if (url.path.ends_with(suffix)) url.path.resize(url.path.size() - suffix.size());
}

void complete_url(Provider& provider) {
  auto& url = provider.upstream.base_url;
  switch (provider.type) {
    case model::ProviderType::openai:
      use(url, "https", "api.openai.com", 443);
      if (url.path.empty()) url.path = "/v1";
      return;
    case model::ProviderType::azure_openai:
      return drop_suffix(url, "/openai");
    case model::ProviderType::anthropic:
      use(url, "https", "api.anthropic.com", 443);
      return drop_suffix(url, "/v1");
    case model::ProviderType::bedrock:
      return use(url, "https", "bedrock-runtime." + provider.region + ".amazonaws.com", 443);
    case model::ProviderType::ollama:
      use(url, "http", "127.0.0.1", 11434);
      drop_suffix(url, "/v1");
      return drop_suffix(url, "/api");
    case model::ProviderType::playground:
      url = {"builtin", "playground", 0, "/v1"};
  }
}

void present_in(Auth& auth, std::string_view header) {
  auth.type = AuthType::api_key;
  auth.name = header;
}

void sign(Auth& auth, const std::string& region) {
  auth.type = AuthType::aws_sigv4;
  auth.service = "bedrock";
  auth.region = region;
}

void complete_auth(Provider& provider) {
  auto& auth = provider.upstream.auth;
  if (auth.type == AuthType::aws_sigv4 && auth.region.empty()) auth.region = provider.region;
  if (auth.type != AuthType::none) return;
  if (provider.type == model::ProviderType::bedrock) return sign(auth, provider.region);
  if (!auth.secret) return;
  if (provider.type == model::ProviderType::azure_openai) return present_in(auth, "api-key");
  if (provider.type == model::ProviderType::anthropic) return present_in(auth, "x-api-key");
  auth.type = AuthType::bearer;
  auth.name = "Authorization";
  auth.prefix = "Bearer ";
}

}  // namespace

void read_prices(const Value& table, Provider& provider) {
  for (const auto& member : table.members()) {
    if (!member.check(Shape::table)) continue;
    Price price;
    read_table(member, price_keys, price);
    provider.prices.emplace_back(member.name(), price);
  }
}

void list_price_keys(const std::string& prefix, Names& names) { list_keys(prefix, price_keys, names); }

void complete(Provider& provider) {
  complete_url(provider);
  complete_auth(provider);
}

}  // namespace runagents::config
