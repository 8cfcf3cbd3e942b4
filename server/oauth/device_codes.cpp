#include "server/oauth/device_codes.hpp"

#include <utility>

#include "core/auth/hash.hpp"
#include "core/store/statement.hpp"
#include "server/oauth/one_time_row.hpp"
#include "server/service/column.hpp"
#include "server/service/random_secret.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view prefix = "dc_";
/// Letters that are not mistaken for another one and spell no word (RFC 8628, section 6.1): 34 bits with eight of them,
/// of which only somebody who has signed in may try one.
constexpr std::string_view alphabet = "BCDFGHJKLMNPQRSTVWXZ";
constexpr std::size_t user_code_letters = 8;
constexpr int max_attempts = 8;

constexpr std::string_view pending = "pending";
constexpr std::string_view approved = "approved";
constexpr std::string_view denied = "denied";

std::string new_user_code() {
  std::string code;
  // Bytes beyond the last multiple of the alphabet's size would make some letters likelier than others.
  constexpr unsigned limit = 256 / alphabet.size() * alphabet.size();
  while (code.size() < user_code_letters) {
    const auto byte = static_cast<unsigned char>(auth::random_bytes(1).front());
    if (byte < limit) code += alphabet[byte % alphabet.size()];
  }
  return canonical_user_code(code);
}

struct Row {
  static constexpr const char* columns =
      "SELECT user_code, client_id, status, user_id, api_key_id, role, resources, interval_s, polled_at, expires_at "
      "FROM device_codes ";

  void bind(store::Statement& query) {
    query.into(user_code).into(client_id).into(status).into(user_id).into(api_key_id).into(role).into(resources);
    query.into(interval_s).into(polled_at).into(expires_at);
  }
  [[nodiscard]] bool is_expired() const { return time_of(expires_at) <= model::now(); }
  [[nodiscard]] bool is_too_fast() const {
    return model::now() < time_of(polled_at) + std::chrono::seconds{interval_s};
  }

  std::string user_code, client_id, status, user_id, api_key_id, role, resources;
  long long interval_s = 0, polled_at = 0, expires_at = 0;
};

std::optional<Row> load(soci::session& session, const std::string& column, const std::string& key) {
  Row row;
  store::Statement query{session};
  row.bind(query);
  query.use(key, "key");
  query.prepare(std::string{Row::columns} + "WHERE " + column + " = :key");
  return query.fetch() ? std::optional{std::move(row)} : std::nullopt;
}

long long count_waiting(soci::session& session) {
  long long count = 0;
  const long long now = number_of(model::now());
  store::Statement query{session};
  query.into(count).use(now, "now");
  query.prepare("SELECT COUNT(*) FROM device_codes WHERE expires_at > :now");
  return query.fetch() ? count : 0;
}

/// False: the user code is taken.
bool insert(soci::session& session, const std::string& digest, const std::string& user_code,
            const std::string& client_id, const std::vector<std::string>& wanted) {
  const auto resources = text_of(wanted);
  const long long interval_s = DeviceCodes::interval.count();
  const long long expires_at = number_of(model::now() + DeviceCodes::lifetime);
  const std::string status{pending};
  store::Statement change{session};
  change.use(digest, "digest").use(user_code, "user_code").use(client_id, "client_id").use(status, "status");
  change.use(resources, "resources").use(interval_s, "interval").use(expires_at, "expires_at");
  change.prepare(
      "INSERT INTO device_codes (digest, user_code, client_id, status, user_id, api_key_id, role, resources, "
      "interval_s, polled_at, expires_at) VALUES (:digest, :user_code, :client_id, :status, '', '', '', :resources, "
      ":interval, 0, :expires_at) "
      "ON CONFLICT (user_code) DO NOTHING");
  return change.change() == 1;
}

void note_poll(soci::session& session, const std::string& digest, long long interval_s) {
  const long long now = number_of(model::now());
  store::Statement change{session};
  change.use(now, "now").use(interval_s, "interval").use(digest, "digest");
  change.prepare("UPDATE device_codes SET polled_at = :now, interval_s = :interval WHERE digest = :digest");
  change.change();
}

/// False: somebody else was first.
bool remove(soci::session& session, const std::string& digest) {
  store::Statement change{session};
  change.use(digest, "digest");
  change.prepare("DELETE FROM device_codes WHERE digest = :digest");
  return change.change() == 1;
}

DevicePollResult take(soci::session& session, const std::string& digest, const Row& row) {
  if (!remove(session, digest)) return {};
  DevicePollResult result{.state = DevicePoll::approved};
  result.login.client_id = row.client_id;
  result.login.user_id = row.user_id;
  result.login.api_key_id = row.api_key_id;
  result.login.role = model::role_of(row.role).value_or(model::Role::user);
  result.resources = texts_of(row.resources);
  return result;
}

}  // namespace

std::string canonical_user_code(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == '-' || c == ' ' || c == '_' || c == '.') continue;
    if (!alphabet.contains(c) || code.size() > user_code_letters) return {};
    if (code.size() == user_code_letters / 2) code += '-';
    code += c;
  }
  return code.size() == user_code_letters + 1 ? code : std::string{};
}

Result<DeviceCodes::Begun> DeviceCodes::begin(const std::string& client_id, const std::vector<std::string>& resources) {
  return database_.write(store::Durability::normal, [&](soci::session& session) -> Result<Begun> {
    // A device that asks late is still told that its code has expired.
    forget_rows(session, "device_codes", model::now() - lifetime);
    if (count_waiting(session) >= max_waiting) {
      return fail(ErrorCode::unavailable, "too many devices wait for a person");
    }
    auto device_code = new_secret(prefix);
    const auto digest = digest_of(device_code.reveal());
    for (int i = 0; i < max_attempts; ++i) {
      auto user_code = new_user_code();
      if (insert(session, digest, user_code, client_id, resources)) {
        return Begun{.device_code = std::move(device_code), .user_code = std::move(user_code)};
      }
    }
    return fail(ErrorCode::unavailable, "no user code is free");
  });
}

Result<std::optional<DeviceRequest>> DeviceCodes::find(std::string_view user_code) {
  return database_.read([&](soci::session& session) -> Result<std::optional<DeviceRequest>> {
    const auto row = load(session, "user_code", canonical_user_code(user_code));
    if (!row || row->status != pending || row->is_expired()) return std::nullopt;
    return DeviceRequest{
        .user_code = row->user_code, .client_id = row->client_id, .resources = texts_of(row->resources)};
  });
}

Result<bool> DeviceCodes::decide(std::string_view user_code, bool approve, const Login& by) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<bool> {
    const auto code = canonical_user_code(user_code);
    const std::string before{pending};
    const std::string after{approve ? approved : denied};
    const std::string role{word(by.role)};
    const long long now = number_of(model::now());
    store::Statement change{session};
    change.use(after, "after").use(by.user_id, "user_id").use(by.api_key_id, "api_key_id").use(role, "role");
    change.use(code, "code").use(before, "before").use(now, "now");
    change.prepare(
        "UPDATE device_codes SET status = :after, user_id = :user_id, api_key_id = :api_key_id, role = :role "
        "WHERE user_code = :code AND status = :before AND expires_at > :now");
    return change.change() == 1;
  });
}

Result<DevicePollResult> DeviceCodes::poll(std::string_view device_code, std::string_view client_id) {
  return database_.write(store::Durability::full, [&](soci::session& session) -> Result<DevicePollResult> {
    const auto digest = digest_of(device_code);
    const auto row = load(session, "digest", digest);
    if (!row || row->client_id != client_id) return DevicePollResult{};
    if (row->is_expired()) return DevicePollResult{.state = DevicePoll::expired};
    if (row->status == approved) return take(session, digest, *row);
    if (row->status == denied) return DevicePollResult{.state = DevicePoll::denied};
    const bool is_too_fast = row->is_too_fast();
    note_poll(session, digest, row->interval_s + (is_too_fast ? interval.count() : 0));
    return DevicePollResult{.state = is_too_fast ? DevicePoll::too_fast : DevicePoll::pending};
  });
}

}  // namespace runagents::server
