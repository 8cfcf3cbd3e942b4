#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/llm/api.hpp"
#include "core/llm/problem.hpp"

namespace runagents::llm {

/// Deepest nesting of a body; tools come with schemas.
inline constexpr std::size_t max_request_depth = 64;

/// A caller's body, read in the one way in which it can be read. A value, cheap to copy but for `body`.
struct Request {
  Api api = Api::openai_chat;
  std::string body;   ///< as it came, byte for byte
  std::string model;  ///< never empty
  bool stream = false;
  bool wants_usage = false;  ///< of a stream: the caller asked for usage, or its API always tells it
  std::optional<std::uint64_t> max_output_tokens;
  /// Before the call, for limits: one token for each 4 bytes of text (of names, values and schemas alike, JSON's own
  /// signs not counted), 1,500 for each image, 3 for each message. Not below 1. Within a factor of about 1.5 for
  /// English; text in other scripts is over-estimated rather than under-estimated.
  std::uint64_t estimated_input_tokens = 1;
  std::shared_ptr<const nlohmann::ordered_json> json;  ///< of `body`; never null
};

/// Reads a caller's body strictly: a member twice, names of the outermost object that differ in case only, depth beyond
/// `max_request_depth`, a wrong type of what is read here, a missing or empty model are 400s that name the field. What
/// translation would have to look at is not judged here. `api` is one that callers speak.
[[nodiscard]] std::expected<Request, Problem> read_request(Api api, std::string body);

/// `{"input_tokens": N}`: the estimate, for a provider that does not count.
[[nodiscard]] std::string count_tokens_body(const Request& request);

}  // namespace runagents::llm
