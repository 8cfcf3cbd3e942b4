#pragma once

#include "core/config/section.hpp"

/// The selectors that rules and approval rules have in common. A selector that can match nothing is a finding, because
/// a rule that denies would silently deny nothing.
namespace runagents::config {

/// A URL pattern.
void check_resource(const Value& value);

/// Names of tools, once they are known.
void check_tool_names(const Value& list);
void check_tool_name(const Value& value);

/// Methods, or names of MCP tools where the rule can concern a tool of that kind. `tools` is the rule's own selector of
/// tools (a name or a list), if it has one.
void check_operations(const Value& list, const std::optional<Value>& tools);

/// Conditions on arguments, which only calls of MCP tools have. `tool` is the rule's own selector.
void check_arguments(const Value& list, const std::optional<Value>& tool);

/// Tags are free words, but one that is nearly a tag of some tool, and is not one itself, is a slip.
void check_tags(const Value& list);

}  // namespace runagents::config
