#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/llm/conversation.hpp"
#include "core/llm/translate.hpp"

namespace runagents::llm {

/// The body of the request as a provider's API has it. What it cannot say is found, by the caller's name for it.
[[nodiscard]] Json write_chat(const Conversation& conversation, const Upstream& upstream, bool stream,
                              Findings& findings);
[[nodiscard]] Json write_messages(const Conversation& conversation, const Upstream& upstream, bool stream,
                                  Findings& findings);
[[nodiscard]] Json write_converse(const Conversation& conversation, const Upstream& upstream, Findings& findings);
[[nodiscard]] Json write_ollama(const Conversation& conversation, const Upstream& upstream, bool stream,
                                Findings& findings);

// What they have in common.

/// The arguments of a call as an object. A text that is none is refused; an empty one is an empty object.
[[nodiscard]] Json arguments_object(const ToolCall& call, const std::string& field, Findings& findings);
[[nodiscard]] std::string arguments_text(const ToolCall& call);

/// An id of a call as every provider takes it: letters, digits, "_" and "-", at most 40 of them. An id that is longer,
/// or has others, is replaced by a digest of it, the same for call and result.
[[nodiscard]] std::string call_id(std::string_view id);

/// The schema of a tool's arguments; of one without: an object without members.
[[nodiscard]] Json schema_of(const ToolDefinition& tool);

/// The schema with `additionalProperties: false` in every object that does not speak of other members: where output is
/// made to fit a schema, providers want it so.
[[nodiscard]] Json closed_schema(const Json& schema);

/// The texts of the parts, one below the other. Other parts are refused.
[[nodiscard]] std::string joined_text(const std::vector<Part>& parts, Findings& findings);

/// Refuses settings that are there and not 0.
void refuse_settings(std::initializer_list<const Setting*> settings, std::string_view why, Findings& findings);
/// Refuses a temperature above 1.
void check_temperature(const Conversation& conversation, Findings& findings);
/// Refuses texts of a setting other than these.
void only_texts(const Setting& setting, std::initializer_list<std::string_view> allowed, std::string_view why,
                Findings& findings);
/// Notes what is marked for a cache, where the provider has no such marks.
void leave_out_cache_marks(const Conversation& conversation, Findings& findings);

/// What Claude is told about thinking, for its own API and for Bedrock: {"thinking": ..., "output_config": {"effort":
/// ...}}, as far as it is told anything. Models up to 4.5 get a budget that fits in `max_tokens`.
[[nodiscard]] Json claude_thinking(const Effort& effort, std::string_view model, std::uint64_t max_tokens,
                                   Findings& findings);
/// How much a model of this name may write where the caller sets no limit and the provider wants one.
[[nodiscard]] std::uint64_t default_max_tokens(std::string_view model) noexcept;

}  // namespace runagents::llm
