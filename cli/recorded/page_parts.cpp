#include "cli/recorded/page_parts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>

#include "cli/output/text.hpp"
#include "core/http/html.hpp"

namespace runagents::cli {

using std::chrono::microseconds;

std::string Span::share(microseconds length) const {
  const auto whole = static_cast<double>((to - from).count());
  const auto part = std::clamp(static_cast<double>(length.count()) / whole, 0.0, 1.0);
  return fmt::format("{:.6g}%", std::round(part * 100'000) / 1000);
}

std::string Span::place(Moment time) const { return share(time - from); }

std::string shown(std::string_view text) {
  return http::escaped_html(output::printable(text, output::Characters::unicode));
}

std::string exact_duration(microseconds length) {
  using namespace std::chrono_literals;
  if (length < 1ms) return fmt::format("{} µs", length.count());
  if (length < 10ms) return fmt::format("{:.1f} ms", static_cast<double>(length.count()) / 1000.0);
  return output::duration(std::chrono::duration_cast<std::chrono::milliseconds>(length));
}

std::string with_commas(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string_view style_of(std::string_view decision) noexcept {
  constexpr std::array<std::string_view, 3> known = {"allowed", "approved", "refused"};
  const auto* found = std::ranges::find(known, decision);
  return found == known.end() ? "other" : *found;
}

std::string axis(const Span& span, int steps) {
  std::string out = "<div class=\"axis\" aria-hidden=\"true\">";
  for (int i = 0; i <= steps; ++i) {
    const auto at = (span.to - span.from) * i / steps;
    out += fmt::format("<span>{}</span>", i == 0 ? "0 s" : exact_duration(at));
  }
  return out + "</div>";
}

}  // namespace runagents::cli
