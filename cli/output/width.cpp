#include "cli/output/width.hpp"

#include <clocale>
#include <cwchar>

namespace runagents::cli::output {
namespace {

/// For as long as the process lives. Opened for the first character beyond ASCII only: it maps a file.
locale_t unicode() noexcept {
  static locale_t opened = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return opened;
}

}  // namespace

std::size_t columns_of(char32_t code) noexcept {
  if (code < 0x300) return 1;
  const auto tables = unicode();
  if (tables == nullptr) return 1;
  const auto before = ::uselocale(tables);
  const int width = ::wcwidth(static_cast<wchar_t>(code));
  ::uselocale(before);
  return width < 0 ? 1 : static_cast<std::size_t>(width);
}

}  // namespace runagents::cli::output
