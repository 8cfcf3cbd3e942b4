#include "core/api/shared_tokens.hpp"

#include <system_error>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/auth/hash.hpp"
#include "core/config/directories.hpp"
#include "core/config/file_content.hpp"
#include "core/config/file_lock.hpp"
#include "core/config/private_file.hpp"

namespace runagents::api {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr std::size_t max_file_bytes = std::size_t{256} * 1024;
// A token that is about to end would end on its way.
constexpr seconds shortest_life{10};

/// The parts of what a token is, so that no two requests have the same name: each with its length.
std::string name_of(const AgentTokenRequest& request) {
  std::string text;
  for (const auto& part :
       {request.issuer, request.client_id, request.subject_type, request.subject, request.resource}) {
    text.append(std::to_string(part.size())).append(":").append(part);
  }
  auto name = auth::hex(auth::sha256(text)).substr(0, 40);
  config::wipe(text);
  return name;
}

std::string place_of(const std::string& name) { return "agent token " + name; }

double random_part() {
  const auto byte = static_cast<unsigned char>(auth::random_bytes(1).front());
  return 0.8 + 0.1 * byte / 256.0;
}

bool is_good(const AgentToken& token, const SharedTokens::Wish& wish, sys_seconds now) {
  return token.text.reveal() != wish.refused && now + std::max(wish.at_least, shortest_life) < token.expires_at;
}

bool is_due(const AgentToken& token, double renewal, sys_seconds now) {
  const auto life = token.expires_at - token.issued_at;
  const auto at = token.issued_at + seconds{static_cast<std::int64_t>(static_cast<double>(life.count()) * renewal)};
  return now >= at;
}

}  // namespace

SharedTokens::SharedTokens(const std::filesystem::path& cache_directory, auth::Sealer sealer, Clock clock)
    : directory_{cache_directory / "tokens"},
      sealer_{std::move(sealer)},
      clock_{std::move(clock)},
      renewal_{random_part()} {
  if (!clock_) clock_ = [] { return std::chrono::floor<seconds>(std::chrono::system_clock::now()); };
}

std::filesystem::path SharedTokens::path_of(const std::string& name, std::string_view end) const {
  return directory_ / (name + std::string{end});
}

std::optional<AgentToken> SharedTokens::load(const std::string& name) const {
  const auto path = path_of(name, ".token");
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::nullopt;
  const auto file = config::OpenFile::open(path);
  if (!file) return std::nullopt;
  const auto sealed = file->read(max_file_bytes);
  if (!sealed) return std::nullopt;
  auto plain = sealer_.open(*sealed, place_of(name));
  if (!plain) return std::nullopt;
  const Json json = Json::parse(*plain, nullptr, false);
  config::wipe(*plain);
  if (!json.is_object() || !json.contains("token") || !json["token"].is_string()) return std::nullopt;
  const auto time = [&json](const char* member) {
    const auto found = json.find(member);
    return sys_seconds{seconds{found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0}};
  };
  return AgentToken{.text = config::Secret{json["token"].get<std::string>()},
                    .issued_at = time("issued_at"),
                    .expires_at = time("expires_at")};
}

Result<void> SharedTokens::save(const std::string& name, const AgentToken& token) const {
  auto plain = Json{{"token", token.text.reveal()},
                    {"issued_at", token.issued_at.time_since_epoch().count()},
                    {"expires_at", token.expires_at.time_since_epoch().count()}}
                   .dump();
  const auto sealed = sealer_.seal(plain, place_of(name));
  config::wipe(plain);
  return config::replace_private_file(path_of(name, ".token"), sealed);
}

Result<AgentToken> SharedTokens::get(const AgentTokenRequest& request, const Wish& wish, const Mint& mint) {
  const auto name = name_of(request);
  auto known = load(name);
  const bool is_usable = known && is_good(*known, wish, clock_());
  if (is_usable && !is_due(*known, renewal_, clock_())) return std::move(*known);
  if (auto made = config::make_private_directory(directory_); !made) return std::unexpected(std::move(made.error()));
  std::optional<config::FileLock> lock;
  const auto lock_file = path_of(name, ".lock");
  if (is_usable) {
    auto attempt = config::FileLock::attempt(lock_file);
    if (!attempt || !*attempt) return std::move(*known);
    lock.emplace(std::move(**attempt));
  } else {
    auto waited = config::FileLock::wait(lock_file);
    if (!waited) return std::unexpected(std::move(waited.error()));
    lock.emplace(std::move(*waited));
  }
  // Whoever had the lock before has probably got what is wanted.
  auto newer = load(name);
  if (newer && is_good(*newer, wish, clock_()) && !is_due(*newer, renewal_, clock_())) return std::move(*newer);
  auto minted = mint();
  if (!minted) {
    if (is_usable) return std::move(*known);
    return minted;
  }
  if (minted->expires_at > minted->issued_at) {
    if (auto saved = save(name, *minted); !saved) return std::unexpected(std::move(saved.error()));
  }
  return minted;
}

void SharedTokens::forget(const AgentTokenRequest& request) {
  std::error_code ignored;
  std::filesystem::remove(path_of(name_of(request), ".token"), ignored);
}

Result<void> SharedTokens::clear() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory_, error}) {
    if (entry.path().extension() == ".token") std::filesystem::remove(entry.path(), error);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return fail(ErrorCode::unavailable, directory_.string() + " cannot be emptied: " + error.message());
  }
  return {};
}

}  // namespace runagents::api
