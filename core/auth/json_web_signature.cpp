#include "core/auth/json_web_signature.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"
#include "core/auth/strict_json.hpp"

namespace runagents::auth {
namespace {

using nlohmann::json;

constexpr std::size_t max_header_depth = 4;
constexpr std::array refused_members = {"crit", "b64", "jwk", "jku", "x5u", "x5c"};

/// Takes an optional text out of the header; false when the member is there and is something else.
bool take(const json& header, std::string_view name, std::optional<std::string>& text) {
  if (!header.contains(name)) return true;
  const auto* value = text_member(header, name);
  if (value == nullptr) return false;
  text = *value;
  return true;
}

std::expected<void, std::string> read_header(const json& header, JsonWebSignature& jws) {
  for (const auto* name : refused_members) {
    if (header.contains(name)) return std::unexpected("the header has the member " + std::string{name});
  }
  const auto* name = text_member(header, "alg");
  if (name == nullptr) return std::unexpected("the header names no algorithm");
  jws.algorithm = signature_algorithm(*name);
  if (jws.algorithm == nullptr) return std::unexpected("the algorithm " + shown(*name) + " is not accepted");
  if (!take(header, "kid", jws.key_id)) return std::unexpected("the key id is not a text");
  if (!take(header, "typ", jws.type)) return std::unexpected("the type is not a text");
  return {};
}

}  // namespace

std::string shown(std::string_view text) {
  constexpr std::size_t max_shown = 64;
  std::string result = "\"";
  result += text.substr(0, max_shown);
  std::ranges::replace_if(result.begin() + 1, result.end(), [](char c) { return c < ' ' || c > '~' || c == '"'; }, '?');
  return result + (text.size() > max_shown ? "...\"" : "\"");
}

std::expected<JsonWebSignature, std::string> parse_compact(std::string_view text) {
  if (text.size() > JsonWebSignature::max_bytes) return std::unexpected("it is larger than 16 KiB");
  const auto first = text.find('.');
  const auto second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) {
    return std::unexpected("it does not have three parts");
  }
  const auto header = from_base64url(text.substr(0, first));
  auto payload = from_base64url(text.substr(first + 1, second - first - 1));
  auto signature = from_base64url(text.substr(second + 1));
  if (!header || !payload || !signature) return std::unexpected("a part is not base64url");
  const auto object = read_strict_object(*header, max_header_depth);
  if (!object) return std::unexpected("the header " + object.error());
  JsonWebSignature jws;
  if (auto read = read_header(*object, jws); !read) return std::unexpected(std::move(read.error()));
  jws.payload = *std::move(payload);
  jws.signature = *std::move(signature);
  jws.signing_input = text.substr(0, second);
  return jws;
}

bool verify_signature(const JsonWebSignature& jws, const KeySet& keys) {
  const auto candidates = keys.candidates(*jws.algorithm, jws.key_id ? &*jws.key_id : nullptr);
  return std::ranges::any_of(candidates, [&](const VerificationKey* key) {
    return key->verifies(*jws.algorithm, jws.signing_input, jws.signature);
  });
}

}  // namespace runagents::auth
