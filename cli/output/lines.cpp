#include "cli/output/lines.hpp"

#include <algorithm>
#include <utility>

namespace runagents::cli::output {
namespace {

/// Where a text is best broken: after its last blank that fits, or where the line is full. At the beginning of a line a
/// blank in the first half is none: a long word after a short one would leave most of the line empty.
std::size_t break_of(std::string_view text, std::size_t width, bool begins_line) {
  const auto full = fitting(text, width);
  if (full == text.size()) return full;
  const auto blank = text.substr(0, full + 1).rfind(' ');
  if (blank != std::string_view::npos && (!begins_line || blank >= full / 2)) return std::min(blank + 1, text.size());
  return full;
}

/// Fills lines of one width with pieces.
class Wrapping {
 public:
  Wrapping(std::vector<Line>& into, const Line& line, std::size_t width)
      : lines_{into}, hanging_{line.hanging < width / 2 ? line.hanging : 0}, width_{width} {
    lines_.emplace_back().hanging = hanging_;
  }

  void add(const Span& span) {
    std::string_view rest = span.text;
    while (!rest.empty()) {
      const auto room = width_ - std::min(width_, used_);
      auto size = break_of(rest, room, is_fresh_);
      if (size == 0 && !is_fresh_) {
        next_line();
        continue;
      }
      if (size == 0) size = std::max(fitting(rest, 2), std::size_t{1});  // a wide character in a single column
      put(rest.substr(0, size), room, span.colour);
      rest.remove_prefix(size);
      if (!rest.empty()) next_line();
    }
  }

 private:
  void put(std::string_view text, std::size_t room, Colour colour) {
    if (output::columns(text) > room && text.ends_with(' ')) text.remove_suffix(1);
    used_ += output::columns(text);
    is_fresh_ = false;
    lines_.back().spans.push_back({std::string{text}, colour});
  }

  void next_line() {
    auto& full = lines_.back().spans;
    if (!full.empty()) full.back().text.resize(full.back().text.find_last_not_of(' ') + 1);
    lines_.emplace_back().hanging = hanging_;
    used_ = hanging_;
    is_fresh_ = true;
    if (hanging_ > 0) lines_.back().spans.push_back({std::string(hanging_, ' ')});
  }

  std::vector<Line>& lines_;
  std::size_t hanging_;
  std::size_t width_;
  std::size_t used_ = 0;
  bool is_fresh_ = true;
};

}  // namespace

std::size_t Line::columns() const noexcept {
  std::size_t count = 0;
  for (const auto& span : spans) count += output::columns(span.text);
  return count;
}

Line line_of(std::string_view text, Colour colour, std::size_t hanging) {
  return {.spans = {{printable(text), colour}}, .hanging = hanging};
}

Line labelled_line(std::string_view label, std::size_t label_width, std::string_view value, Colour colour) {
  auto head = printable(label);
  head.append(std::max(label_width, columns(head)) - columns(head) + 2, ' ');
  const auto hanging = columns(head);
  return {.spans = {{std::move(head)}, {printable(value), colour}}, .hanging = hanging};
}

std::vector<Line> wrapped(const std::vector<Line>& lines, std::size_t width) {
  if (width == 0) return lines;
  std::vector<Line> out;
  for (const auto& line : lines) {
    Wrapping wrapping{out, line, width};
    for (const auto& span : line.spans) wrapping.add(span);
  }
  return out;
}

Line shortened(const Line& line, std::size_t width) {
  if (line.columns() <= width) return line;
  Line out{.spans = {}, .hanging = line.hanging};
  std::size_t left = width;
  for (const auto& span : line.spans) {
    const auto taken = columns(span.text);
    // Room is kept for the sign that something is missing.
    if (taken + columns(ellipsis()) <= left) {
      out.spans.push_back(span);
      left -= taken;
      continue;
    }
    out.spans.push_back({shorten(span.text + "  ", left), span.colour});
    break;
  }
  return out;
}

std::string text_of(const Line& line, bool colour) {
  std::string text;
  for (const auto& span : line.spans) text += paint(span.text, span.colour, colour);
  return text;
}

std::string text_of(const std::vector<Line>& lines, bool colour) {
  std::string text;
  for (const auto& line : lines) text += text_of(line, colour) + "\n";
  return text;
}

}  // namespace runagents::cli::output
