#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "core/llm/api.hpp"

namespace runagents::gateway {

/// What an agent asks of the gateway.
struct Endpoint {
  enum class Kind {
    model_call,  ///< a body in `api`
    models,      ///< the list of models
    model,       ///< one of them, `model`
    health
  };
  Kind kind = Kind::model_call;
  llm::Api api = llm::Api::openai_chat;  ///< in which it is answered, also when it is refused
  std::string model{};
};

/// Why there is no endpoint.
struct NoEndpoint {
  std::string_view allow{};  ///< the methods that the path takes; empty: nothing is there
};

/// The endpoint of a canonical path. Agents join LLM_GATEWAY_URL, which ends in /v1, with paths that begin with /v1,
/// with paths that do not, and with nothing, so that any number of "v1" and "chat/completions" may stand before the
/// rest; what is posted to such a beginning is a chat. A slash at the end changes nothing.
[[nodiscard]] std::expected<Endpoint, NoEndpoint> endpoint_of(std::string_view method, std::string_view path);

/// The API in which an error is told to whoever asked for this path.
[[nodiscard]] llm::Api error_api_of(std::string_view path) noexcept;

}  // namespace runagents::gateway
