#include "core/auth/key_set.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/auth/strict_json.hpp"

namespace runagents::auth {
namespace {

constexpr std::size_t max_depth = 8;

}  // namespace

std::expected<KeySet, std::string> KeySet::parse(std::string_view text) {
  if (text.size() > max_bytes) return std::unexpected("is too large");
  const auto object = read_strict_object(text, max_depth);
  if (!object) return std::unexpected(object.error());
  const auto members = object->find("keys");
  if (members == object->end() || !members->is_array()) {
    return std::unexpected("is no JWK set: it has no list \"keys\"");
  }
  if (members->size() > max_keys) return std::unexpected("has more than " + std::to_string(max_keys) + " keys");
  KeySet set;
  std::string reason = "it is empty";
  for (const auto& member : *members) {
    if (auto key = VerificationKey::read(member)) {
      set.keys_.push_back(*std::move(key));
    } else {
      reason = "of the last one, " + key.error();
    }
  }
  if (set.keys_.empty()) return std::unexpected("has no key that can verify a signature: " + reason);
  return set;
}

bool KeySet::has(std::string_view id) const noexcept {
  return std::ranges::any_of(keys_, [&](const VerificationKey& key) { return key.id() == id; });
}

std::vector<const VerificationKey*> KeySet::candidates(const SignatureAlgorithm& algorithm,
                                                       const std::string* id) const {
  std::vector<const VerificationKey*> result;
  for (const auto& key : keys_) {
    if (key.is_for(algorithm) && (id == nullptr || key.id() == *id)) result.push_back(&key);
  }
  if (result.size() > max_candidates) result.clear();
  return result;
}

}  // namespace runagents::auth
