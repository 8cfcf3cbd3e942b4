#include "runner/replay/tape.hpp"

#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runagents::replay {
namespace {

/// False: it could not be written whole; errno says why.
bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<Tape> Tape::create(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) return Tape{fd};
  return fail(ErrorCode::unavailable,
              "cannot create the recording " + file.string() + ": " + std::system_category().message(errno));
}

Tape::~Tape() {
  if (fd_ >= 0) ::close(fd_);
}

Tape::Tape(Tape&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}

bool Tape::take_room(std::size_t bytes) noexcept {
  if (bytes > max_under_way - under_way_) return false;
  under_way_ += bytes;
  return true;
}

void Tape::keep(const RecordedCall& call) {
  if (!problem_.empty()) {
    leave_out();
    return;
  }
  const auto line = to_line(call) + "\n";
  if (size_ + line.size() > max_file) {
    problem_ = "it has reached its limit of " + std::to_string(max_file / (1024 * 1024)) + " MiB";
    leave_out();
    return;
  }
  if (!write_all(fd_, line)) {
    problem_ = std::system_category().message(errno);
    leave_out();
    // Without the part of a line that is there; where that fails, readers skip it.
    static_cast<void>(::ftruncate(fd_, static_cast<off_t>(size_)) == 0);
    return;
  }
  size_ += line.size();
  ++kept_;
}

std::filesystem::path recording_of(std::filesystem::path journal) { return journal.replace_extension("recording"); }

}  // namespace runagents::replay
