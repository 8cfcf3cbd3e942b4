#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/llm/findings.hpp"
#include "core/llm/members.hpp"
#include "core/llm/request.hpp"

namespace runagents::llm {

// A request for a chat as all APIs mean it. Views and pointers are into the JSON of the Request that it was read from,
// which must outlive it. Every `field` is the place in the caller's body, for what a provider cannot take.

struct Part;

struct Text {
  std::string_view text;
};

/// `data` is base64 as it came; either it or `url` is there.
struct Image {
  std::string_view media_type;
  std::string_view data;
  std::string_view url;
  std::string_view detail;  ///< "low", "high"; empty: left to the model
};

/// A file that the model reads. One of `data` (base64), `text` and `url` is there.
struct Document {
  std::string_view media_type;
  std::string_view data;
  std::string_view text;
  std::string_view url;
  std::string_view title;  ///< file name
};

/// What a model answered instead of what it was asked for.
struct Refusal {
  std::string_view text;
};

/// What a model thought. Without a signature, providers that sign it do not take it back.
struct Reasoning {
  std::string_view text;
  std::string_view signature;
  std::string_view redacted;  ///< instead of a text: what only the provider can read
};

/// `arguments` is null where the caller's API has them as text.
struct ToolCall {
  std::string_view id;
  std::string_view name;
  const Json* arguments = nullptr;
  std::string_view arguments_text;
};

struct ToolResult {
  std::string_view call_id;
  std::vector<Part> content;  ///< text, images, documents
  bool is_error = false;
};

struct Part {
  std::variant<Text, Image, Document, Refusal, Reasoning, ToolCall, ToolResult> value;
  std::string field;
  const Json* cache_control = nullptr;  ///< the caller marked the end of a prefix to cache; Anthropic's object
};

enum class Role { system, user, assistant };

/// Results of tools are parts of a user's turn, as with Anthropic.
struct Turn {
  Role role = Role::user;
  std::vector<Part> parts;
  std::string field;
};

struct ToolDefinition {
  std::string_view name;
  std::string_view description;
  const Json* schema = nullptr;  ///< of the arguments; null: none are taken
  std::optional<bool> strict;
  const Json* cache_control = nullptr;
  std::string field;
};

struct ToolChoice {
  enum class Kind { automatic, none, required, named };
  Kind kind = Kind::automatic;
  std::string_view name;
  std::string field;
  std::optional<bool> parallel;
  std::string parallel_field;
};

struct OutputFormat {
  enum class Kind { text, json_object, json_schema };
  Kind kind = Kind::text;
  std::string_view name;
  std::string_view description;
  const Json* schema = nullptr;
  std::optional<bool> strict;
  std::string field;
};

/// How much the model is to think. Nothing set: as much as it does by itself.
struct Effort {
  std::string_view level;               ///< "none", "minimal", "low", "medium", "high", "xhigh", "max"; empty: unsaid
  std::optional<std::uint64_t> budget;  ///< in tokens
  bool is_disabled = false;
  const Json* thinking = nullptr;  ///< Anthropic's own object, for providers that take it as it is
  std::string field;
};

struct Conversation {
  std::vector<Turn> turns;  ///< system turns where the caller had them, mostly first
  std::vector<ToolDefinition> tools;
  ToolChoice tool_choice;
  OutputFormat format;
  Effort effort;
  std::optional<std::uint64_t> max_tokens;
  std::vector<std::string_view> stop;
  std::string stop_field;
  Setting temperature, top_p, top_k, seed, frequency_penalty, presence_penalty, verbosity, service_tier;
  Setting user;      ///< a text: for whom, where providers look for abuse
  Setting metadata;  ///< an object of texts
};

/// Reads the body of a request of one API. What is not sound, and what no provider could be asked for, is found.
[[nodiscard]] Conversation read_chat(const Request& request, Findings& findings);
[[nodiscard]] Conversation read_responses(const Request& request, Findings& findings);
[[nodiscard]] Conversation read_messages(const Request& request, Findings& findings);
/// By `request.api`, which must be one of these three.
[[nodiscard]] Conversation read_conversation(const Request& request, Findings& findings);

}  // namespace runagents::llm
