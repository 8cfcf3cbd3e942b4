#include "core/config/private_file.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>

#include "core/descriptor.hpp"

namespace runagents::config {
Result<void> replace_private_file(const std::filesystem::path& path, std::string_view content) {
  std::string beside = path.string() + ".XXXXXX";
  const Descriptor file{::mkostemp(beside.data(), O_CLOEXEC)};
  if (file.get() >= 0 && write_all(file.get(), content) && ::fsync(file.get()) == 0 &&
      ::rename(beside.c_str(), path.c_str()) == 0) {
    return {};
  }
  const int number = errno;
  if (file.get() >= 0) ::unlink(beside.c_str());
  return fail(ErrorCode::unavailable, path.string() + " cannot be written: " + std::strerror(number));
}

}  // namespace runagents::config
