#include "runner/gateway/endpoint.hpp"

#include <algorithm>
#include <array>

#include "core/auth/percent.hpp"

namespace runagents::gateway {
namespace {

using llm::Api;
using Kind = Endpoint::Kind;

struct Known {
  std::string_view path;
  Kind kind;
  Api api;
};

constexpr std::array known = {
    Known{"chat/completions", Kind::model_call, Api::openai_chat},
    Known{"responses", Kind::model_call, Api::openai_responses},
    Known{"embeddings", Kind::model_call, Api::openai_embeddings},
    Known{"messages", Kind::model_call, Api::anthropic_messages},
    Known{"messages/count_tokens", Kind::model_call, Api::anthropic_count_tokens},
    Known{"models", Kind::models, Api::openai_chat},
    Known{"healthz", Kind::health, Api::openai_chat},
};

/// Takes `prefix` off, if a whole segment ends with it.
bool take(std::string_view& path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  if (path.size() > prefix.size() && path[prefix.size()] != '/') return false;
  path.remove_prefix(std::min(path.size(), prefix.size() + 1));
  return true;
}

/// What is left behind everything that a base URL may have brought.
std::string_view without_base(std::string_view path) {
  path.remove_prefix(path.starts_with('/') ? 1 : 0);
  if (path.ends_with('/')) path.remove_suffix(1);
  while (take(path, "v1") || take(path, "chat/completions")) {
  }
  return path;
}

std::string_view methods_of(Kind kind) { return kind == Kind::model_call ? "POST" : "GET, HEAD"; }

bool takes(Kind kind, std::string_view method) {
  return kind == Kind::model_call ? method == "POST" : method == "GET" || method == "HEAD";
}

}  // namespace

std::expected<Endpoint, NoEndpoint> endpoint_of(std::string_view method, std::string_view path) {
  auto rest = without_base(path);
  Endpoint endpoint;
  constexpr std::string_view one_model = "models/";
  if (rest.starts_with(one_model)) {
    endpoint.kind = Kind::model;
    endpoint.model = auth::percent_decoded(rest.substr(one_model.size()));
  } else if (!rest.empty()) {
    const auto* found = std::ranges::find(known, rest, &Known::path);
    if (found == known.end()) return std::unexpected(NoEndpoint{});
    endpoint.kind = found->kind;
    endpoint.api = found->api;
  }
  if (!takes(endpoint.kind, method)) return std::unexpected(NoEndpoint{methods_of(endpoint.kind)});
  return endpoint;
}

llm::Api error_api_of(std::string_view path) noexcept {
  const auto rest = without_base(path);
  return rest == "messages" || rest.starts_with("messages/") ? Api::anthropic_messages : Api::openai_chat;
}

}  // namespace runagents::gateway
