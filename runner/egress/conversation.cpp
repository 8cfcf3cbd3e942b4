#include "runner/egress/conversation.hpp"

#include <nlohmann/json.hpp>

#include "core/policy/json_arguments.hpp"

namespace runagents::egress {
namespace {

using nlohmann::json;

void append(std::string& list, std::string_view word) { list.append(list.empty() ? "" : ",").append(word); }

}  // namespace

void Conversation::turn_to(const mcp::Message& message) {
  current_ = &message;
  const auto* arguments = message.arguments();
  arguments_ = arguments == nullptr ? nullptr : std::make_unique<policy::JsonArguments<json>>(*arguments);
}

std::string_view Conversation::operation(std::string_view http_method) const noexcept {
  return current_ == nullptr ? http_method : mcp::operation(*current_);
}

std::string Conversation::tool_names() const {
  std::string names;
  for (const auto& message : messages()) {
    if (message.method == "tools/call") append(names, message.name);
  }
  return names;
}

std::string Conversation::methods() const {
  std::string methods;
  for (const auto& message : messages()) append(methods, message.method.empty() ? "response" : message.method);
  return methods;
}

std::string Conversation::action() const {
  json action{{"method", current_->method}};
  if (const auto* params = current_->params(); params != nullptr) {
    action["params"] = *params;
    auto& copy = action["params"];
    if (copy.contains("_meta")) copy["_meta"].erase("progressToken");
    if (copy.contains("_meta") && copy["_meta"].empty()) copy.erase("_meta");
  }
  return action.dump();
}

std::string Conversation::readable() const {
  const auto* shown = current_->method == "tools/call" ? current_->arguments() : current_->params();
  return shown == nullptr ? std::string{} : shown->dump(2);
}

}  // namespace runagents::egress
