#include "core/http2/header_block.hpp"

#include <algorithm>

#include "core/http/field_lines.hpp"

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
    const auto field = http::field_of(http::take_line(lines));
    if (field.name.empty()) continue;
    add(field.name, field.value);
    const auto name = text_.begin() + static_cast<std::ptrdiff_t>(ranges_.back().name);
    std::transform(name, name + static_cast<std::ptrdiff_t>(field.name.size()), name, lower);
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
