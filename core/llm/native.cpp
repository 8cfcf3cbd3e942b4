#include "core/llm/native.hpp"

#include <optional>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/mcp/raw_json.hpp"

namespace runagents::llm {
namespace {

using Json = nlohmann::ordered_json;

void replace(std::string& text, std::string_view part, std::string_view by) {
  text.replace(static_cast<std::size_t>(part.data() - text.data()), part.size(), by);
}

/// Puts a member first in the object that begins at `object`.
void insert_member(std::string& text, std::string_view object, std::string_view member) {
  const auto brace = static_cast<std::size_t>(object.data() - text.data()) + 1;
  const auto next = text.find_first_not_of(" \t\r\n", brace);
  std::string inserted{member};
  if (text[next] != '}') inserted += ',';
  text.insert(brace, inserted);
}

std::unexpected<Problem> escaped(std::string field) {
  return std::unexpected(invalid(std::move(field), "must be spelt without escapes"));
}

}  // namespace

std::expected<std::string, Problem> with_model(const Request& request, const std::string& model) {
  // Where there is no backslash, no name is spelt with escapes.
  if (model == request.model && !request.body.contains('\\')) return request.body;
  auto body = request.body;
  const auto span = mcp::raw_member(body, "model");
  if (!span) return escaped("model");
  if (model != request.model) replace(body, *span, Json(model).dump());
  return body;
}

std::expected<std::string, Problem> with_usage(const Request& request, std::string body) {
  constexpr std::string_view wanted = R"({"include_usage":true})";
  const auto known = request.json->find("stream_options");
  const auto options = mcp::raw_member(body, "stream_options");
  if (known == request.json->end()) {
    const auto object = std::string_view{body}.substr(body.find('{'));
    insert_member(body, object, R"("stream_options":{"include_usage":true})");
  } else if (!options) {
    return escaped("stream_options");
  } else if (!known->is_object()) {
    replace(body, *options, wanted);
  } else if (!known->contains("include_usage")) {
    insert_member(body, *options, R"("include_usage":true)");
  } else if (const auto flag = mcp::raw_member(*options, "include_usage")) {
    replace(body, *flag, "true");
  } else {
    return escaped("stream_options.include_usage");
  }
  return body;
}

}  // namespace runagents::llm
