#include "core/http2/header_block.hpp"

#include <algorithm>

namespace runagents::http2 {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

}  // namespace

void HeaderBlock::clear() noexcept {
  text_.clear();
  ranges_.clear();
}

void HeaderBlock::add(std::string_view name, std::string_view value) {
  const auto start = text_.size();
  text_.append(name);
  const auto middle = text_.size();
  text_.append(value);
  ranges_.push_back({start, middle, text_.size()});
}

void HeaderBlock::add_lines(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find("\r\n"), lines.size());
    const auto line = lines.substr(0, end);
    const auto colon = line.find(':');
    lines.remove_prefix(std::min(end + 2, lines.size()));
    if (colon == std::string_view::npos || colon == 0) continue;
    const auto start = text_.size();
    std::ranges::transform(line.substr(0, colon), std::back_inserter(text_), lower);
    const auto middle = text_.size();
    auto value = line.substr(colon + 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    text_.append(value);
    ranges_.push_back({start, middle, text_.size()});
  }
}

const std::vector<nghttp2_nv>& HeaderBlock::fields() {
  fields_.clear();
  auto* const text = reinterpret_cast<std::uint8_t*>(text_.data());
  for (const auto& range : ranges_) {
    fields_.push_back({text + range.name, text + range.value, range.value - range.name, range.end - range.value,
                       NGHTTP2_NV_FLAG_NONE});
  }
  return fields_;
}

}  // namespace runagents::http2
