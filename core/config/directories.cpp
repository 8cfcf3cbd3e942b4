#include "core/config/directories.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <pwd.h>
#include <string>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace runagents::config {
namespace {

namespace fs = std::filesystem;

/// A path that is not absolute is to be ignored (XDG Base Directory Specification).
std::optional<fs::path> absolute_path_in(const char* variable) {
  const char* value = std::getenv(variable);
  if (value == nullptr || *value != '/') return std::nullopt;
  return fs::path{value};
}

std::optional<fs::path> home_of_account() {
  std::vector<char> buffer(std::size_t{16} * 1024);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  if (found->pw_dir == nullptr || *found->pw_dir != '/') return {};
  return fs::path{found->pw_dir};
}

std::string message_of(int number) { return std::generic_category().message(number); }

bool is_own_directory(const fs::path& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::geteuid() &&
         (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// A runtime directory that is set but gone, or somebody else's (su, sudo), is no place for us.
fs::path runtime_directory() {
  const auto set = absolute_path_in("XDG_RUNTIME_DIR");
  if (set && is_own_directory(*set)) return *set / "runagents";
  return fs::path{"/tmp/runagents-" + std::to_string(::geteuid())};
}

std::unexpected<Error> refuse(const fs::path& path, const std::string& reason) {
  return fail(ErrorCode::configuration, path.string() + " " + reason,
              "it has to be a directory of yours that only you can write");
}

/// A symbolic link may lead elsewhere if whoever made it is trusted; in /tmp anybody can make one.
Result<void> check_link(const fs::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return refuse(path, "cannot be examined: " + message_of(errno));
  const bool trusted = status.st_uid == ::geteuid() || status.st_uid == 0;
  if (S_ISLNK(status.st_mode) && !trusted) return refuse(path, "is a symbolic link of another user");
  return {};
}

Result<void> check_directory(const fs::path& path) {
  if (auto link = check_link(path); !link) return link;
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return refuse(path, "cannot be examined: " + message_of(errno));
  if (!S_ISDIR(status.st_mode)) return refuse(path, "is not a directory");
  if (status.st_uid != ::geteuid()) return refuse(path, "belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse(path, "can be written by others");
  return {};
}

Result<void> make_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), S_IRWXU) == 0 || errno == EEXIST) return {};
  return fail(ErrorCode::configuration, "cannot create " + path.string() + ": " + message_of(errno));
}

}  // namespace

Result<Directories> directories() {
  auto home = absolute_path_in("HOME");
  if (!home) home = home_of_account();
  if (!home) return fail(ErrorCode::configuration, "there is no home directory", "set HOME to an absolute path");
  const auto below = [&](const char* variable, const char* otherwise) {
    return absolute_path_in(variable).value_or(*home / otherwise) / "runagents";
  };
  return Directories{.configuration = below("XDG_CONFIG_HOME", ".config"),
                     .data = below("XDG_DATA_HOME", ".local/share"),
                     .cache = below("XDG_CACHE_HOME", ".cache"),
                     .runtime = runtime_directory()};
}

Result<void> make_private_directory(const fs::path& path) {
  fs::path so_far;
  for (const auto& part : path.lexically_normal()) {
    if (part.empty()) continue;
    so_far /= part;
    std::error_code error;
    if (fs::is_directory(so_far, error)) continue;
    if (auto made = make_directory(so_far); !made) return made;
  }
  return check_directory(so_far);
}

}  // namespace runagents::config
