#include "core/llm/estimate.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace runagents::llm {
namespace {

using Json = nlohmann::ordered_json;

// In quarters of a token. Tokenizers need about 4 bytes of English for a token; of other scripts fewer.
constexpr std::uint64_t token = 4;
constexpr std::uint64_t ascii_byte = 1;
constexpr std::uint64_t other_byte = 2;
constexpr std::uint64_t image = 1500 * token;
constexpr std::uint64_t message = 3 * token;

std::uint64_t quarters_of_text(std::string_view text) noexcept {
  const auto others = std::ranges::count_if(text, [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  return text.size() * ascii_byte + static_cast<std::uint64_t>(others) * (other_byte - ascii_byte);
}

/// Base64 of an image or a file, wherever an API has it.
bool is_attachment(const std::string& name, const Json& value) {
  const auto* text = value.get_ptr<const std::string*>();
  if (text == nullptr) return false;
  return text->starts_with("data:") || name == "data" || name == "file_data";
}

std::uint64_t quarters(const Json& value) {
  if (value.is_string()) return quarters_of_text(value.get_ref<const std::string&>());
  if (!value.is_structured()) return token;
  std::uint64_t sum = 0;
  if (value.is_array()) {
    for (const auto& item : value) sum += quarters(item);
    return sum;
  }
  for (const auto& [name, member] : value.items()) {
    sum += is_attachment(name, member) ? image : quarters_of_text(name) + quarters(member);
    if (name == "role") sum += message;
  }
  return sum;
}

}  // namespace

std::uint64_t estimated_tokens(const Json& body) {
  return std::max<std::uint64_t>(1, (quarters(body) + token - 1) / token);
}

std::uint64_t estimated_tokens(std::string_view text) noexcept { return (quarters_of_text(text) + token - 1) / token; }

}  // namespace runagents::llm
