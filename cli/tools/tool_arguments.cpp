#include "cli/tools/tool_arguments.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cli/text_input.hpp"
#include "core/api/client.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t levels = 64;

Json value_in(const std::string& text) {
  auto json = Json::parse(text, nullptr, false);
  // A number that JSON cannot hold exactly is better off as the text that it was.
  if (json.is_discarded() || (json.is_number() && json.dump() != text)) return text;
  return json;
}

std::string block_text(const Json& block) {
  const auto type = api::text_of(block, "type");
  if (type == "text") return api::text_of(block, "text");
  if (type == "resource_link") return fmt::format("[resource {}]", api::text_of(block, "uri"));
  if (type == "resource" && block.contains("resource")) {
    const auto& resource = block["resource"];
    const auto text = api::text_of(resource, "text");
    return text.empty() ? fmt::format("[resource {}]", api::text_of(resource, "uri")) : text;
  }
  return fmt::format("[{} {}]", type, api::text_of(block, "mimeType"));
}

}  // namespace

Result<Json> arguments_object(const std::string& given, std::size_t max_depth, const Context& context) {
  const auto text = text_input(given, context);
  if (!text) return std::unexpected(text.error());
  if (const auto strict = auth::read_strict_object(*text, max_depth); !strict) {
    return fail(ErrorCode::usage, "--arguments is no JSON object: " + strict.error(),
                R"(write it like --arguments '{"amount": 12}')");
  }
  return Json::parse(*text);
}

Result<Json> tool_arguments(const std::string& object, const std::vector<std::string>& words, const Context& context) {
  auto arguments = object.empty() ? Json::object() : arguments_object(object, levels, context);
  if (!arguments) return arguments;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const bool is_text = equals != std::string::npos && equals > 0 && word[equals - 1] == ':';
    const auto name = word.substr(0, is_text ? equals - 1 : equals);
    if (equals == std::string::npos || name.empty()) {
      return fail(ErrorCode::usage, fmt::format("--arg: \"{}\" is not NAME=VALUE", word),
                  "NAME=VALUE reads VALUE as JSON where it is some, NAME:=VALUE takes it as a text");
    }
    const auto value = word.substr(equals + 1);
    (*arguments)[name] = is_text ? Json(value) : value_in(value);
  }
  return arguments;
}

std::string tool_result_text(const Json& result) {
  std::string text;
  const auto content = result.find("content");
  if (content != result.end() && content->is_array()) {
    for (const auto& block : *content) {
      text += block_text(block);
      if (!text.ends_with('\n')) text += '\n';
    }
  }
  if (text.empty() && result.contains("structuredContent")) text = result["structuredContent"].dump(2) + "\n";
  return text;
}

}  // namespace runagents::cli
