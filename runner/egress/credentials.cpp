#include "runner/egress/credentials.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "core/policy/target.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using model::AuthType;

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  std::string out;
  for (const char c : text) {
    if (unreserved.find(c) != std::string_view::npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append({'%', hex[byte >> 4], hex[byte & 15]});
  }
  return out;
}

/// What stands in the field or parameter.
std::string injected_value(const model::Auth& auth, const config::Secret& secret) {
  if (auth.type == AuthType::basic) {
    std::string pair = auth.username;
    pair.append(":").append(secret.reveal());
    auto value = "Basic " + base64(pair);
    OPENSSL_cleanse(pair.data(), pair.size());
    return value;
  }
  if (auth.place == model::Auth::Place::query) return percent_encode(secret.reveal());
  return auth.prefix + std::string{secret.reveal()};
}

/// Verified TLS, this machine, or an explicit "insecure".
bool may_carry_credential(const model::Tool& tool) {
  const auto& base = tool.base_url;
  if (base.scheme == "https" || base.scheme == "builtin" || tool.insecure) return true;
  return base.host == "localhost" || base.host == "::1" || base.host.starts_with("127.");
}

}  // namespace

struct Credentials::Entry {
  config::Secret value;
  std::string label;
  bool resolved = false;
  bool resolving = false;
  std::optional<http::Timer> done;  ///< cancelled when resolving ends
};

SecretsAhead resolve_ahead(std::span<const model::Tool* const> tools, const std::filesystem::path& directory) {
  SecretsAhead ahead;
  for (const auto* tool : tools) {
    const auto& secret = tool->auth.secret;
    if (!secret || secret->kind == model::SecretReference::Kind::env) continue;
    if (!ahead.contains(secret->to_string())) ahead.emplace(secret->to_string(), config::resolve(*secret, directory));
  }
  return ahead;
}

Credentials::Credentials(Worker& worker, std::filesystem::path directory, SecretsAhead ahead)
    : worker_{worker}, directory_{std::move(directory)}, ahead_{std::move(ahead)} {}
Credentials::~Credentials() = default;

bool Credentials::supports(AuthType type) noexcept {
  return type == AuthType::none || type == AuthType::api_key || type == AuthType::basic || type == AuthType::bearer;
}

http::Task<Verdict> Credentials::resolve(const model::Tool& tool, Entry& entry) {
  using Resolved = Result<config::Secret>;
  const auto reference = *tool.auth.secret;
  entry.resolving = true;
  entry.done.emplace(co_await http::asio::this_coro::executor, http::Timer::time_point::max());
  // The environment is this process's own memory; everything else may block.
  auto secret = Resolved{};
  if (const auto known = ahead_.find(reference.to_string()); known != ahead_.end()) {
    if (known->second) {
      secret = config::Secret{std::string{known->second->reveal()}};
    } else {
      secret = std::unexpected(known->second.error());
    }
  } else if (reference.kind == model::SecretReference::Kind::env) {
    secret = config::resolve(reference, directory_);
  } else {
    secret = co_await offload<Resolved>(
        worker_, [reference, directory = directory_] { return config::resolve(reference, directory); });
  }
  entry.resolving = false;
  entry.done->cancel();
  if (!secret) {
    co_return refuse(credential_unavailable,
                     "the credential of the tool \"" + tool.name + "\" is not available: " + secret.error().message,
                     secret.error().hint);
  }
  entry.value = config::Secret{injected_value(tool.auth, *secret)};
  entry.label = std::string{word(tool.auth.type)} + " " + reference.to_string();
  entry.resolved = true;
  co_return pass();
}

http::Task<Verdict> Credentials::inject(Call& call) {
  const auto& tool = *call.tool;
  if (tool.auth.type == AuthType::none) co_return pass();
  if (!supports(tool.auth.type) || !tool.auth.secret) {
    co_return refuse(credential_unavailable, "credentials of type " + std::string{word(tool.auth.type)} +
                                                 " cannot be injected by this version");
  }
  if (!may_carry_credential(tool)) {
    co_return refuse(credential_unavailable,
                     "the tool \"" + tool.name + "\" is reached without TLS, so its credential is not sent",
                     "use an https base_url, or set insecure = true on the tool");
  }
  auto& slot = entries_[&tool];
  if (!slot) slot = std::make_unique<Entry>();
  Entry& entry = *slot;
  while (!entry.resolved) {
    if (!entry.resolving) {
      auto verdict = co_await resolve(tool, entry);
      if (!verdict) co_return verdict;
      continue;
    }
    static_cast<void>(co_await entry.done->async_wait(http::by_value));
  }
  const bool in_query = tool.auth.type == AuthType::api_key && tool.auth.place == model::Auth::Place::query;
  if (in_query) {
    call.credential_parameter = tool.auth.name;
  } else {
    call.credential_field = tool.auth.type == AuthType::api_key ? std::string_view{tool.auth.name} : "Authorization";
  }
  call.credential_value = entry.value.reveal();
  call.credential_label = entry.label;
  co_return pass();
}

}  // namespace runagents::egress
