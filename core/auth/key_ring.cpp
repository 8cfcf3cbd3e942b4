#include "core/auth/key_ring.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/descriptor.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t max_file_bytes = 4096;
constexpr std::size_t id_digits = 2 * key_id_bytes;

std::unexpected<Error> trouble(const std::filesystem::path& path, std::string_view what, int number) {
  return fail(number == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
              "cannot " + std::string{what} + " the key of the encrypted store, " + path.string() + ": " +
                  std::generic_category().message(number));
}

std::unexpected<Error> refuse(const std::filesystem::path& path, std::string_view why, std::string hint) {
  return fail(ErrorCode::configuration, "the key of the encrypted store, " + path.string() + ", " + std::string{why},
              std::move(hint));
}

std::unexpected<Error> damaged(const std::filesystem::path& path) {
  return refuse(path, "is damaged",
                "restore it from a backup; without it the secrets in the store cannot be read. To start again with an "
                "empty store, move it and runagents.db away");
}

/// A secret that was read into a string, which is wiped with it.
struct Buffer {
  std::string bytes;
  Buffer() = default;
  explicit Buffer(std::string text) : bytes{std::move(text)} {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

Result<void> check(const std::filesystem::path& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return refuse(path, "is not a regular file", {});
  if (status.st_uid != ::geteuid()) return refuse(path, "belongs to somebody else", {});
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse(
        path, "can be used by group or others",
        "whoever has read it has the key: chmod 600 " + path.string() + ", then runagents secrets rotate-key");
  }
  if (status.st_size <= 0 || std::cmp_greater(status.st_size, max_file_bytes)) return damaged(path);
  return {};
}

bool read_all(int fd, std::string& bytes) {
  std::size_t size = 0;
  while (size < bytes.size()) {
    const auto count = ::read(fd, bytes.data() + size, bytes.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    size += static_cast<std::size_t>(count);
  }
  return true;
}

Result<KeyRing> parse(const std::filesystem::path& path, std::string_view text) {
  KeyRing ring;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == text.npos || end <= id_digits || text[id_digits] != ' ') return damaged(path);
    auto bytes = from_base64url(text.substr(id_digits + 1, end - id_digits - 1));
    if (!bytes || bytes->size() != key_bytes) return damaged(path);
    config::Secret key{std::move(*bytes)};
    if (hex(key_id(key)) != text.substr(0, id_digits)) return damaged(path);
    ring.keys.push_back(std::move(key));
    text.remove_prefix(end + 1);
  }
  return ring;
}

std::string written(const KeyRing& ring) {
  std::string text;
  text.reserve(ring.keys.size() * 64);
  for (const auto& key : ring.keys) {
    const Buffer encoded{base64url(key.reveal())};
    text.append(hex(key_id(key))).append(" ").append(encoded.bytes).append("\n");
  }
  return text;
}

/// A complete, durable file beside `path`, under a name of its own.
Result<std::filesystem::path> write_beside(const std::filesystem::path& path, const KeyRing& ring) {
  auto beside = path;
  beside += "." + hex(random_bytes(8));
  const Descriptor file{::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (file.get() < 0) return trouble(path, "write", errno);
  const Buffer text{written(ring)};
  if (!write_all(file.get(), text.bytes) || ::fsync(file.get()) != 0) {
    const int number = errno;
    ::unlink(beside.c_str());
    return trouble(path, "write", number);
  }
  return beside;
}

/// What was done to names in the directory is there after a power failure, too.
Result<void> settle(const std::filesystem::path& path) {
  const Descriptor directory{::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) return trouble(path, "write", errno);
  return {};
}

KeyFileVersion version_of(const struct stat& status) {
  return {status.st_ino, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

config::Secret new_key() { return config::Secret{random_bytes(key_bytes)}; }

std::string key_id(const config::Secret& key) {
  const auto digest = hmac_sha256(key.reveal(), "runagents key id");
  return std::string{view(digest).substr(0, key_id_bytes)};
}

config::Secret copy(const config::Secret& secret) { return config::Secret{std::string{secret.reveal()}}; }

const config::Secret* KeyRing::find(std::string_view id) const {
  const auto found = std::ranges::find_if(keys, [id](const config::Secret& key) { return key_id(key) == id; });
  return found == keys.end() ? nullptr : &*found;
}

void KeyRing::adopt(const KeyRing& other) {
  KeyRing merged;
  for (const auto* ring : {&other, static_cast<const KeyRing*>(this)}) {
    for (const auto& key : ring->keys) {
      if (merged.find(key_id(key)) == nullptr) merged.keys.push_back(copy(key));
    }
  }
  keys = std::move(merged.keys);
}

Result<KeyRing> KeyFile::load(KeyFileVersion* version) const {
  const Descriptor file{::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
  if (file.get() < 0) {
    if (errno == ELOOP) return refuse(path_, "is a symbolic link", "put the file itself there");
    return trouble(path_, "read", errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return trouble(path_, "read", errno);
  if (auto fit = check(path_, status); !fit) return std::unexpected(std::move(fit.error()));
  Buffer text{std::string(static_cast<std::size_t>(status.st_size), '\0')};
  if (!read_all(file.get(), text.bytes)) return damaged(path_);
  if (version != nullptr) *version = version_of(status);
  return parse(path_, text.bytes);
}

Result<void> KeyFile::create() const {
  KeyRing ring;
  ring.keys.push_back(new_key());
  const auto beside = write_beside(path_, ring);
  if (!beside) return std::unexpected(beside.error());
  const int linked = ::link(beside->c_str(), path_.c_str());
  const int number = errno;
  ::unlink(beside->c_str());
  if (linked != 0 && number != EEXIST) return trouble(path_, "create", number);
  return settle(path_);
}

Result<void> KeyFile::replace(const KeyRing& ring) const {
  const auto beside = write_beside(path_, ring);
  if (!beside) return std::unexpected(beside.error());
  if (::rename(beside->c_str(), path_.c_str()) != 0) {
    const int number = errno;
    ::unlink(beside->c_str());
    return trouble(path_, "replace", number);
  }
  return settle(path_);
}

KeyFileVersion KeyFile::version() const {
  struct stat status{};
  return ::lstat(path_.c_str(), &status) == 0 ? version_of(status) : KeyFileVersion{};
}

}  // namespace runagents::auth
