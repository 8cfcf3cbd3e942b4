#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runagents::replay {

/// What two calls have in common that may stand for each other, but for their bodies.
struct CallKey {
  std::string tool;    ///< empty: the gateway of models
  std::string method;  ///< of HTTP
  std::string target;  ///< canonical path and the agent's own query

  friend auto operator<=>(const CallKey&, const CallKey&) = default;
};

/// A call as its agent saw it: what it asked and what it got. What is added for the tool (credentials, users) and what
/// the tool says to the runner alone is no part of it.
struct RecordedCall {
  std::uint64_t number = 0;  ///< in the order in which calls began, from 1
  CallKey key;
  std::string request;  ///< the body
  int status = 0;
  std::string fields;  ///< lines, each ended by CR LF; `own_door` stands for the address of the tool's door
  std::string body;
  std::string trailers;                         ///< lines
  std::optional<std::uint64_t> content_length;  ///< as it was said
  bool has_body = true;
  bool is_cut = false;  ///< the answer did not reach its end
};

/// In place of "http://127.0.0.1:PORT" of the tool's own listener, which is another one in each run.
inline constexpr std::string_view own_door = "{door}";

/// One line of JSON, without a line feed; bodies in base64url.
[[nodiscard]] std::string to_line(const RecordedCall& call);
/// Nothing: it is none.
[[nodiscard]] std::optional<RecordedCall> from_line(std::string_view line);

/// `text` with every `from` replaced.
[[nodiscard]] std::string replaced(std::string_view text, std::string_view from, std::string_view to);

}  // namespace runagents::replay
