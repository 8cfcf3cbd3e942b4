#include "core/auth/sealer.hpp"

#include <cerrno>
#include <climits>
#include <fcntl.h>
#include <mutex>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdexcept>
#include <sys/file.h>
#include <system_error>

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/auth/key_ring.hpp"
#include "core/descriptor.hpp"

namespace runagents::auth {
namespace {

constexpr char format_version = 1;
constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;
constexpr std::size_t header_bytes = 1 + key_id_bytes;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* in(std::string_view text) noexcept { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* out(std::string& text) noexcept { return reinterpret_cast<unsigned char*>(text.data()); }
int length(std::string_view text) {
  if (text.size() > INT_MAX) throw std::length_error{"too long to be sealed"};
  return static_cast<int>(text.size());
}

void require(bool done) {
  if (!done) throw std::runtime_error{"OpenSSL has no AES-256-GCM"};
}

/// Header and associated data are what is authenticated beside the value.
Context begin(bool encrypt, const config::Secret& key, std::string_view nonce, std::string_view header,
              std::string_view associated_data) {
  Context context{EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free};
  require(context != nullptr);
  require(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, in(key.reveal()), in(nonce), encrypt ? 1 : 0) ==
          1);
  int size = 0;
  for (const auto part : {header, associated_data}) {
    require(EVP_CipherUpdate(context.get(), nullptr, &size, in(part), length(part)) == 1);
  }
  return context;
}

std::unexpected<Error> unreadable(std::string_view why, std::string hint) {
  return fail(ErrorCode::conflict, "a value in the encrypted store cannot be opened: " + std::string{why},
              std::move(hint));
}

}  // namespace

struct Sealer::State {
  explicit State(std::filesystem::path path) : file{std::move(path)} {}

  /// Keys that were here stay: what they have sealed may have been read from the store already.
  Result<void> refresh() {
    KeyFileVersion found;
    auto loaded = file.load(&found);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    ring.adopt(*loaded);
    version = found;
    return {};
  }

  KeyFile file;
  std::mutex mutex;
  KeyRing ring;
  KeyFileVersion version;
};

Sealer::Sealer(std::shared_ptr<State> state) : state_{std::move(state)} {}
Sealer::~Sealer() = default;
Sealer::Sealer(const Sealer&) = default;
Sealer& Sealer::operator=(const Sealer&) = default;
Sealer::Sealer(Sealer&&) noexcept = default;
Sealer& Sealer::operator=(Sealer&&) noexcept = default;

std::string Sealer::seal(std::string_view plain, std::string_view associated_data) const {
  const std::scoped_lock guard{state_->mutex};
  // A key file that cannot be read now is no reason to lose a value: it is sealed under the newest key that is known.
  if (state_->file.version() != state_->version) static_cast<void>(state_->refresh());
  const auto& key = state_->ring.keys.front();
  std::string message{format_version};
  message.append(key_id(key));
  const auto nonce = random_bytes(nonce_bytes);
  const auto context = begin(true, key, nonce, message, associated_data);
  message.append(nonce);
  std::string sealed(plain.size(), '\0');
  int size = 0;
  require(EVP_CipherUpdate(context.get(), out(sealed), &size, in(plain), length(plain)) == 1);
  std::string tag(tag_bytes, '\0');
  require(EVP_CipherFinal_ex(context.get(), out(tag), &size) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) == 1);
  return base64url(message + sealed + tag);
}

Result<std::string> Sealer::open(std::string_view sealed, std::string_view associated_data) const {
  const auto message = from_base64url(sealed);
  if (!message || message->size() < header_bytes + nonce_bytes + tag_bytes || message->front() != format_version) {
    return unreadable("it has no form that this version knows", {});
  }
  std::string_view rest{*message};
  const auto header = rest.substr(0, header_bytes);
  const auto nonce = rest.substr(header_bytes, nonce_bytes);
  std::string tag{rest.substr(rest.size() - tag_bytes)};
  rest = rest.substr(header_bytes + nonce_bytes, rest.size() - header_bytes - nonce_bytes - tag_bytes);

  const std::scoped_lock guard{state_->mutex};
  const auto id = header.substr(1);
  if (state_->ring.find(id) == nullptr) static_cast<void>(state_->refresh());
  const auto* key = state_->ring.find(id);
  if (key == nullptr) {
    return unreadable("it was sealed under another key than the one in " + state_->file.path().string(),
                      "restore the key file that belongs to this store, or set the secret again");
  }
  const auto context = begin(false, *key, nonce, header, associated_data);
  std::string plain(rest.size(), '\0');
  int size = 0;
  require(EVP_CipherUpdate(context.get(), out(plain), &size, in(rest), length(rest)) == 1);
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1);
  if (EVP_CipherFinal_ex(context.get(), out(tag), &size) != 1) {
    OPENSSL_cleanse(plain.data(), plain.size());
    return unreadable("it was changed, or belongs to another entry", "set the secret again");
  }
  return plain;
}

bool Sealer::is_newest(std::string_view sealed) const {
  const auto message = from_base64url(sealed);
  const std::scoped_lock guard{state_->mutex};
  if (state_->file.version() != state_->version) static_cast<void>(state_->refresh());
  return message && message->size() >= header_bytes &&
         std::string_view{*message}.substr(1, key_id_bytes) == key_id(state_->ring.keys.front());
}

Result<void> Sealer::change_key(const std::function<Result<void>()>& seal_again) {
  auto path = state_->file.path();
  path += ".lock";
  const Descriptor lock{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (lock.get() < 0 || ::flock(lock.get(), LOCK_EX) != 0) {
    return fail(ErrorCode::unavailable, "cannot lock " + path.string() + ": " + std::generic_category().message(errno));
  }
  auto before = state_->file.load();
  if (!before) return std::unexpected(std::move(before.error()));
  KeyRing after;
  after.keys.push_back(new_key());
  before->adopt(after);
  if (auto both = state_->file.replace(*before); !both) return both;
  if (auto sealed = seal_again(); !sealed) return sealed;
  return state_->file.replace(after);
}

std::filesystem::path key_file_of(const std::filesystem::path& data_directory) { return data_directory / "store.key"; }

Result<Sealer> open_sealer(const std::filesystem::path& data_directory) {
  auto state = std::make_shared<Sealer::State>(key_file_of(data_directory));
  auto loaded = state->refresh();
  if (!loaded && loaded.error().code == ErrorCode::not_found) {
    if (auto created = state->file.create(); !created) return std::unexpected(std::move(created.error()));
    loaded = state->refresh();
  }
  if (!loaded) return std::unexpected(std::move(loaded.error()));
  return Sealer{std::move(state)};
}

}  // namespace runagents::auth
