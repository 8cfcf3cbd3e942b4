#include "core/config/file_lock.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <sys/file.h>

namespace runagents::config {
namespace {

std::unexpected<Error> trouble(const std::filesystem::path& file, int number) {
  return fail(ErrorCode::unavailable, file.string() + " cannot be locked: " + std::strerror(number));
}

/// 0, or the error's number.
int lock(int fd, int operation) {
  while (::flock(fd, operation) != 0) {
    if (errno != EINTR) return errno;
  }
  return 0;
}

int open_file(const std::filesystem::path& file) {
  return ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

}  // namespace

Result<FileLock> FileLock::wait(const std::filesystem::path& file) {
  FileLock own{open_file(file)};
  if (own.file_.get() < 0) return trouble(file, errno);
  if (const int number = lock(own.file_.get(), LOCK_EX); number != 0) return trouble(file, number);
  return own;
}

Result<std::optional<FileLock>> FileLock::attempt(const std::filesystem::path& file) {
  FileLock own{open_file(file)};
  if (own.file_.get() < 0) return trouble(file, errno);
  const int number = lock(own.file_.get(), LOCK_EX | LOCK_NB);
  if (number == EWOULDBLOCK) return std::nullopt;
  if (number != 0) return trouble(file, number);
  return std::optional<FileLock>{std::move(own)};
}

}  // namespace runagents::config
