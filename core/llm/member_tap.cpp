#include "core/llm/member_tap.hpp"

#include <algorithm>

namespace runagents::llm {

void MemberTap::keep(std::string_view piece) {
  // One byte too many shows that the rest is not kept.
  const auto append = [piece](std::string& text, std::size_t most) {
    text.append(piece.substr(0, most + 1 - std::min(most + 1, text.size())));
  };
  if (is_wanted_) append(value_, max_bytes_);
  if (depth_ == 1 && is_at_name_) append(key_, name_.size());
}

void MemberTap::structure(char c) {
  const bool is_outermost = depth_ == 1;
  if (c == ':' && is_outermost && is_at_name_) {
    is_at_name_ = false;
    is_wanted_ = key_ == name_;
    return;
  }
  const bool ends_value = is_outermost && (c == ',' || c == '}' || c == ']');
  if (is_wanted_ && ends_value) {
    is_wanted_ = false;
    is_complete_ = value_.size() <= max_bytes_;
    if (!is_complete_) value_.clear();
  }
  if (c == '{' || c == '[') ++depth_;
  if ((c == '}' || c == ']') && depth_ > 0) --depth_;
  if (depth_ == 1 && (c == ',' || (c == '{' && !is_outermost && !is_wanted_))) is_at_name_ = true;
  const bool is_space_before = value_.empty() && (c == ' ' || c == '\t' || c == '\r' || c == '\n');
  if (is_wanted_ && !is_space_before) keep({&c, 1});
}

void MemberTap::feed(std::string_view bytes) {
  while (!bytes.empty() && !is_complete_) {
    const char c = bytes.front();
    if (in_string_ && !is_escaped_ && c != '"' && c != '\\') {
      const auto end = std::ranges::find_if(bytes, [](char one) { return one == '"' || one == '\\'; });
      const auto plain = bytes.substr(0, static_cast<std::size_t>(end - bytes.begin()));
      keep(plain);
      bytes.remove_prefix(plain.size());
      continue;
    }
    bytes.remove_prefix(1);
    if (in_string_) {
      const bool ends = c == '"' && !is_escaped_;
      is_escaped_ = c == '\\' && !is_escaped_;
      in_string_ = !ends;
      if (!ends || is_wanted_) keep({&c, 1});
    } else if (c == '"') {
      in_string_ = true;
      if (depth_ == 1 && is_at_name_) key_.clear();
      if (is_wanted_) keep({&c, 1});
    } else {
      structure(c);
    }
  }
}

}  // namespace runagents::llm
