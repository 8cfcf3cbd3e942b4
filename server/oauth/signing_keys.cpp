#include "server/oauth/signing_keys.hpp"

#include <algorithm>
#include <utility>

#include "core/store/statement.hpp"
#include "server/oauth/revoked_tokens.hpp"
#include "server/service/audit_log.hpp"
#include "server/service/column.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view first_algorithm = "ES256";
/// Clocks of several processes differ, and tokens are accepted to their last second.
constexpr std::chrono::minutes slack{5};

std::string place_of(std::string_view id) { return "signing_keys/" + std::string{id}; }

std::vector<SigningKeyFacts> load_all(soci::session& session) {
  SigningKeyFacts facts;
  long long created_at = 0;
  long long signs_from = 0;
  long long retires_at = 0;
  soci::indicator retires = soci::i_null;
  store::Statement query{session};
  query.into(facts.id).into(facts.algorithm).into(facts.jwk).into(created_at).into(signs_from);
  query.into(retires_at, retires);
  query.prepare(
      "SELECT id, algorithm, public_key, created_at, signs_from, retires_at FROM signing_keys "
      "ORDER BY signs_from DESC, id");
  std::vector<SigningKeyFacts> keys;
  while (query.fetch()) {
    facts.created_at = time_of(created_at);
    facts.signs_from = time_of(signs_from);
    facts.retires_at = retires == soci::i_ok ? std::optional{time_of(retires_at)} : std::nullopt;
    keys.push_back(facts);
  }
  return keys;
}

/// The newest of those that may sign; `keys` are sorted.
const SigningKeyFacts* signing(const std::vector<SigningKeyFacts>& keys, model::Time now) {
  const auto found = std::ranges::find_if(
      keys, [&](const SigningKeyFacts& key) { return key.signs_from <= now && !key.is_over(now); });
  return found == keys.end() ? nullptr : &*found;
}

Result<SigningKeyFacts> insert(soci::session& session, const auth::Sealer& sealer, std::string_view algorithm,
                               model::Time now, model::Time signs_from) {
  const auto key = auth::SigningKey::generate(algorithm);
  if (!key) return std::unexpected(key.error());
  SigningKeyFacts facts{.id = key->id(),
                        .algorithm = std::string{algorithm},
                        .jwk = key->public_jwk(),
                        .created_at = now,
                        .signs_from = signs_from,
                        .retires_at = {}};
  const auto sealed = sealer.seal(key->private_der().reveal(), place_of(facts.id));
  const long long created_at = number_of(now);
  const long long from = number_of(signs_from);
  store::Statement change{session};
  change.use(facts.id, "id").use(facts.algorithm, "algorithm").use(facts.jwk, "jwk").use(sealed, "sealed");
  change.use(created_at, "created_at").use(from, "signs_from");
  change.prepare(
      "INSERT INTO signing_keys (id, algorithm, public_key, sealed, created_at, signs_from) "
      "VALUES (:id, :algorithm, :jwk, :sealed, :created_at, :signs_from)");
  change.change();
  return facts;
}

void retire_others(soci::session& session, const std::string& id, model::Time at) {
  const long long retires_at = number_of(at);
  store::Statement change{session};
  change.use(id, "id").use(retires_at, "at");
  change.prepare(
      "UPDATE signing_keys SET retires_at = :at WHERE id <> :id AND (retires_at IS NULL OR retires_at > :at)");
  change.change();
}

/// Other processes go by what they have in memory for a while, but look at the deny list every time.
void refuse_all(soci::session& session, const std::vector<SigningKeyFacts>& keys, model::Time now) {
  const auto until = std::chrono::ceil<std::chrono::seconds>(now + SigningKeys::max_token_lifetime + slack);
  for (const auto& key : keys) add_revoked(session, key.id, until);
}

void forget_those_that_are_over(soci::session& session, model::Time now) {
  const long long at = number_of(now);
  store::Statement change{session};
  change.use(at, "now");
  change.prepare("DELETE FROM signing_keys WHERE retires_at <= :now");
  change.change();
}

Result<std::string> load_sealed(soci::session& session, const std::string& id) {
  std::string sealed;
  store::Statement query{session};
  query.into(sealed).use(id, "id");
  query.prepare("SELECT sealed FROM signing_keys WHERE id = :id");
  if (!query.fetch()) return fail(ErrorCode::conflict, "a signing key was removed in the meantime");
  return sealed;
}

std::string key_set_of(const std::vector<SigningKeyFacts>& keys) {
  std::string text = R"({"keys":[)";
  for (const auto& key : keys) {
    text += &key == &keys.front() ? "" : ",";
    text += key.jwk;
  }
  return text += "]}";
}

}  // namespace

Result<void> SigningKeys::load() {
  auto found =
      database_.read([](soci::session& session) -> Result<std::vector<SigningKeyFacts>> { return load_all(session); });
  if (!found) return std::unexpected(std::move(found.error()));
  std::erase_if(*found, [now = model::now()](const SigningKeyFacts& key) { return key.is_over(now); });
  loaded_at_ = std::chrono::steady_clock::now();
  if (key_set_ && keys_ == *found) return {};
  keys_ = std::move(*found);
  key_set_.reset();
  if (keys_.empty()) return {};
  auto set = auth::KeySet::parse(key_set_of(keys_));
  if (!set) return fail(ErrorCode::conflict, "the signing keys in the store " + set.error());
  key_set_ = std::move(*set);
  return {};
}

Result<const auth::SigningKey*> SigningKeys::current() {
  // Every time: a key that was taken out of use in another process must not sign once more.
  if (auto loaded = load(); !loaded) return std::unexpected(std::move(loaded.error()));
  const auto sealer = store_key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  if (signing(keys_, model::now()) == nullptr) {
    const auto made = database_.write(store::Durability::full, [&](soci::session& session) -> Result<void> {
      const auto now = model::now();
      // Another process may have been first.
      if (signing(load_all(session), now) != nullptr) return {};
      const auto facts = insert(session, **sealer, first_algorithm, now, now);
      if (!facts) return std::unexpected(facts.error());
      return {};
    });
    if (!made) return std::unexpected(made.error());
    if (auto loaded = load(); !loaded) return std::unexpected(std::move(loaded.error()));
  }
  const auto* facts = signing(keys_, model::now());
  if (facts == nullptr) return fail(ErrorCode::internal, "no key may sign");
  if (signing_ && signing_->id() == facts->id) return &*signing_;
  const auto sealed =
      database_.read([&](soci::session& session) -> Result<std::string> { return load_sealed(session, facts->id); });
  if (!sealed) return std::unexpected(sealed.error());
  auto der = (*sealer)->open(*sealed, place_of(facts->id));
  if (!der) return std::unexpected(std::move(der.error()));
  const config::Secret secret{std::move(*der)};
  auto key = auth::SigningKey::read(facts->algorithm, secret.reveal());
  if (!key) return std::unexpected(std::move(key.error()));
  signing_ = std::move(*key);
  return &*signing_;
}

Result<const auth::KeySet*> SigningKeys::verifying(std::string_view key_id) {
  if (!key_set_ || !key_set_->has(key_id) || std::chrono::steady_clock::now() - loaded_at_ >= max_age) {
    if (auto loaded = load(); !loaded) return std::unexpected(std::move(loaded.error()));
  }
  const auto found = std::ranges::find(keys_, key_id, &SigningKeyFacts::id);
  if (!key_set_ || found == keys_.end() || found->is_over(model::now())) {
    return fail(ErrorCode::unauthenticated, "no key of this server made the token's signature", {}, "invalid_token");
  }
  return &*key_set_;
}

Result<std::vector<SigningKeyFacts>> SigningKeys::list() {
  // Whoever asks for the key set before the first token shall find the key that it will be signed with.
  if (auto key = current(); !key) return std::unexpected(std::move(key.error()));
  return keys_;
}

Result<SigningKeyFacts> SigningKeys::rotate(const Actor& actor, std::string_view algorithm, bool at_once) {
  const auto sealer = store_key_.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  auto made = database_.write(store::Durability::full, [&](soci::session& session) -> Result<SigningKeyFacts> {
    const auto now = model::now();
    const auto known = load_all(session);
    const bool is_pending = std::ranges::any_of(
        known, [&](const SigningKeyFacts& key) { return key.signs_from > now && !key.is_over(now); });
    if (is_pending && !at_once) {
      return fail(ErrorCode::conflict, "a new key is published already and is about to take over",
                  "wait for ten minutes, or change the keys at once");
    }
    const bool is_first = signing(known, now) == nullptr;
    const auto signs_from = at_once || is_first ? now : now + publication;
    auto facts = insert(session, **sealer, algorithm, now, signs_from);
    if (!facts) return facts;
    retire_others(session, facts->id, at_once ? now : signs_from + max_token_lifetime + slack);
    if (at_once) refuse_all(session, known, now);
    forget_those_that_are_over(session, now);
    model::AuditEntry entry;
    entry.action = at_once ? "signing_key.replace" : "signing_key.rotate";
    entry.object = facts->id;
    entry.outcome = "ok";
    if (auto noted = AuditLog::add(session, actor, std::move(entry)); !noted)
      return std::unexpected(std::move(noted.error()));
    return facts;
  });
  if (!made) return made;
  if (auto loaded = load(); !loaded) return std::unexpected(std::move(loaded.error()));
  return made;
}

}  // namespace runagents::server
