#include "core/config/file_content.hpp"

#include <cerrno>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runagents::config {
namespace {

std::unexpected<Error> trouble(const std::filesystem::path& path, int number) {
  const auto code = number == ENOENT || number == ENOTDIR ? ErrorCode::not_found : ErrorCode::configuration;
  return fail(code, "cannot read " + path.string() + ": " + std::generic_category().message(number));
}

}  // namespace

Result<OpenFile> OpenFile::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (descriptor < 0) return trouble(path, errno);
  OpenFile file{path, descriptor};
  if (::fstat(descriptor, &file.status_) != 0) return trouble(path, errno);
  if (!S_ISREG(file.status_.st_mode)) {
    return fail(ErrorCode::configuration, "cannot read " + path.string() + ": not a regular file");
  }
  return file;
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

OpenFile::OpenFile(OpenFile&& other) noexcept
    : path_{std::move(other.path_)}, descriptor_{std::exchange(other.descriptor_, -1)}, status_{other.status_} {}

Result<std::string> OpenFile::read(std::size_t max_bytes) const {
  const auto too_large = [this, max_bytes] {
    return fail(ErrorCode::configuration, path_.string() + " is larger than " + std::to_string(max_bytes) + " bytes");
  };
  if (std::cmp_greater(status_.st_size, max_bytes)) return too_large();
  // One allocation, so that growing leaves no copy of a secret behind; one byte more shows a file that has grown.
  std::string content(static_cast<std::size_t>(status_.st_size) + 1, '\0');
  std::size_t size = 0;
  while (size < content.size()) {
    const auto count = ::read(descriptor_, content.data() + size, content.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int number = errno;
      OPENSSL_cleanse(content.data(), content.size());
      return trouble(path_, number);
    }
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  if (size == content.size()) {
    OPENSSL_cleanse(content.data(), content.size());
    return fail(ErrorCode::configuration, path_.string() + " grew while it was read");
  }
  content.resize(size);
  return content;
}

}  // namespace runagents::config
