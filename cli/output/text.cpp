#include "cli/output/text.hpp"

#include <array>
#include <cstdint>
#include <fmt/format.h>

#include "cli/output/width.hpp"
#include "core/glyph.hpp"

namespace runagents::cli::output {
namespace {

using namespace std::chrono_literals;

/// More marks than these on one character would write over the lines around it.
constexpr int most_marks = 4;

/// What is not UTF-8 counts byte by byte.
Glyph next_glyph(std::string_view text) noexcept {
  const auto glyph = first_glyph(text);
  return glyph.size > 0 ? glyph : Glyph{static_cast<unsigned char>(text.front()), 1};
}

void append_escaped(std::string& out, char32_t code) {
  if (code < 0x100) {
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<std::uint32_t>(code));
  } else {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(code));
  }
}

}  // namespace

std::string printable(std::string_view text, Characters characters) {
  std::string out;
  out.reserve(text.size());
  int marks = most_marks;  // nothing is there yet that one could be put on
  while (!text.empty()) {
    const auto glyph = first_glyph(text);
    const bool is_mark = glyph.size > 0 && columns_of(glyph.code) == 0;
    if (glyph.size == 0) {
      append_escaped(out, static_cast<unsigned char>(text.front()));
    } else if (misleads(glyph.code) || (is_mark && marks >= most_marks) ||
               (characters == Characters::ascii && glyph.code > 0x7f)) {
      append_escaped(out, glyph.code);
    } else {
      out.append(text.substr(0, glyph.size));
    }
    marks = is_mark ? marks + 1 : 0;
    text.remove_prefix(glyph.size == 0 ? 1 : glyph.size);
  }
  return out;
}

std::string printable_lines(std::string_view text, std::string_view indent) {
  std::string out;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    out += fmt::format("{}{}\n", indent, printable(line));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return out;
}

std::size_t columns(std::string_view text) noexcept {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto glyph = next_glyph(text);
    count += columns_of(glyph.code);
    text.remove_prefix(glyph.size);
  }
  return count;
}

std::size_t fitting(std::string_view text, std::size_t width) noexcept {
  std::size_t end = 0;
  std::size_t used = 0;
  while (end < text.size()) {
    const auto glyph = next_glyph(text.substr(end));
    used += columns_of(glyph.code);
    if (used > width) break;
    end += glyph.size;
  }
  return end;
}

std::string shorten(std::string_view text, std::size_t width, Characters characters) {
  if (fitting(text, width) == text.size()) return std::string{text};
  const auto end = ellipsis(characters);
  const auto taken = columns(end);
  if (width <= taken) return std::string{end.substr(0, fitting(end, width))};
  return std::string{text.substr(0, fitting(text, width - taken))}.append(end);
}

std::string relative(model::Time time, model::Time now) {
  const bool past = time <= now;
  const auto distance = past ? now - time : time - now;
  if (distance < 5s) return past ? "just now" : "in a moment";
  std::string length;
  if (distance < 1min) {
    length = fmt::format("{} s", distance / 1s);
  } else if (distance < 1h) {
    length = fmt::format("{} min", distance / 1min);
  } else if (distance < 48h) {
    length = fmt::format("{} h", distance / 1h);
  } else {
    length = fmt::format("{} d", distance / 24h);
  }
  return past ? length + " ago" : "in " + length;
}

std::string duration(std::chrono::milliseconds length) {
  if (length < 1s) return fmt::format("{} ms", length.count());
  if (length < 1min) return fmt::format("{:.1f} s", static_cast<double>(length.count()) / 1000.0);
  const auto pair = [&length](auto large, std::string_view large_name, auto small, std::string_view small_name) {
    const auto rest = (length % large) / small;
    const auto head = fmt::format("{} {}", length / large, large_name);
    return rest == 0 ? head : fmt::format("{} {} {}", head, rest, small_name);
  };
  if (length < 1h) return pair(1min, "min", 1s, "s");
  if (length < 48h) return pair(1h, "h", 1min, "min");
  return pair(24h, "d", 1h, "h");
}

std::string bytes(std::uint64_t count) {
  if (count < 1024) return fmt::format("{} B", count);
  constexpr std::array units = {"KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(count) / 1024.0;
  std::size_t unit = 0;
  while (value >= 1024.0 && unit + 1 < units.size()) {
    value /= 1024.0;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, units[unit]);
}

std::string paint(std::string_view text, Colour colour, bool on) {
  constexpr std::array<std::string_view, 7> codes = {"0", "1", "2", "31", "32", "33", "36"};
  if (!on || colour == Colour::plain) return std::string{text};
  return fmt::format("\x1b[{}m{}\x1b[0m", codes[static_cast<std::size_t>(colour)], text);
}

}  // namespace runagents::cli::output
