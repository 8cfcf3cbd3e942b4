#include "core/audit/journal_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "core/descriptor.hpp"

namespace runagents::audit {
namespace {

// One batch is one transaction; a line is far shorter (a call's head is limited to kilobytes).
constexpr std::size_t batch_bytes = std::size_t{256} * 1024;

std::unexpected<Error> unreadable(const std::filesystem::path& journal, int error) {
  return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
              "cannot read the event journal " + journal.string() + ": " + std::system_category().message(error));
}

// Reads on from `offset` until there is at least one complete line or the end. Returns the complete lines with their
// line ends.
Result<std::string> read_lines(const Descriptor& file, const std::filesystem::path& journal, std::uint64_t offset) {
  std::string text;
  for (;;) {
    const std::size_t filled = text.size();
    text.resize(filled + batch_bytes);
    const ssize_t got = ::pread(file.get(), text.data() + filled, batch_bytes, static_cast<off_t>(offset + filled));
    if (got < 0 && errno != EINTR) return unreadable(journal, errno);
    text.resize(filled + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    const std::size_t end = text.rfind('\n');
    if (end == std::string::npos && got != 0) continue;
    text.resize(end == std::string::npos ? 0 : end + 1);
    return text;
  }
}

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

}  // namespace

Result<std::uint64_t> JournalReader::read_new(const Take& take) {
  const Descriptor file{::open(journal_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (file.get() < 0) return unreadable(journal_, errno);
  std::uint64_t handed_out = 0;
  for (;;) {
    const auto text = read_lines(file, journal_, offset_);
    if (!text) return std::unexpected(text.error());
    if (text->empty()) return handed_out;
    const auto lines = split(*text);
    if (auto taken = take(lines); !taken) return std::unexpected(taken.error());
    offset_ += text->size();
    handed_out += lines.size();
  }
}

}  // namespace runagents::audit
