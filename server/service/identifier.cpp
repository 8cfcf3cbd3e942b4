#include "server/service/identifier.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <span>
#include <vector>

#include "core/ascii.hpp"
#include "core/store/statement.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t min_prefix = 4;
constexpr int max_candidates = 6;

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : bytes) {
    out += digits[byte >> 4];
    out += digits[byte & 0xf];
  }
  return out;
}

using UuidBytes = std::array<unsigned char, 16>;

Result<UuidBytes> random_bytes() {
  UuidBytes bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1) return bytes;
  return fail(ErrorCode::internal, "no random numbers are to be had for an id");
}

std::string uuid_text(UuidBytes bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text = hexadecimal(bytes);
  for (const std::size_t at : {20U, 16U, 12U, 8U}) text.insert(at, 1, '-');
  return text;
}

bool is_id_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

std::string quoted(std::string_view id) {
  std::string out = "\"";
  std::ranges::replace_copy_if(
      id.substr(0, 64), std::back_inserter(out), [](char c) { return !is_id_character(c); }, '?');
  return out + '"';
}

std::vector<std::string> candidates(soci::session& session, const Kind& kind, const std::string& prefix) {
  // '~' sorts after every character of an id.
  const std::string end = prefix + '~';
  std::string id;
  store::Statement query{session};
  query.into(id).use(prefix, "first").use(end, "last").use(max_candidates, "count");
  query.prepare("SELECT id FROM " + std::string{kind.table} +
                " WHERE id >= :first AND id < :last ORDER BY id LIMIT :count");
  std::vector<std::string> found;
  while (query.fetch()) found.push_back(id);
  return found;
}

std::unexpected<Error> ambiguous(const Kind& kind, std::string_view id, const std::vector<std::string>& found) {
  std::string list;
  for (std::size_t i = 0; i < found.size(); ++i) {
    list += i == 0 ? "" : ", ";
    list += i + 1 == max_candidates ? "..." : found[i];
  }
  return fail(ErrorCode::conflict, std::string{kind.noun} + " " + quoted(id) + " is ambiguous: " + list,
              "give more characters of the id");
}

}  // namespace

Result<std::string> new_uuid() {
  auto bytes = random_bytes();
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  return uuid_text(*bytes, 4);
}

Result<std::string> new_ordered_uuid(std::chrono::system_clock::time_point now) {
  auto bytes = random_bytes();
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  const auto nanoseconds = duration_cast<std::chrono::nanoseconds>(now.time_since_epoch()).count();
  const auto milliseconds = static_cast<std::uint64_t>(nanoseconds / 1'000'000);
  const auto fraction = static_cast<std::uint64_t>(nanoseconds % 1'000'000) * 4096 / 1'000'000;
  for (std::size_t i = 0; i < 6; ++i) (*bytes)[i] = static_cast<unsigned char>(milliseconds >> (40 - 8 * i));
  (*bytes)[6] = static_cast<unsigned char>(fraction >> 8);
  (*bytes)[7] = static_cast<unsigned char>(fraction);
  return uuid_text(*bytes, 7);
}

bool is_uuid(std::string_view text) noexcept {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char form_character, char c) {
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    return form_character == '-' ? c == '-' : is_digit;
  };
  return std::ranges::equal(form, text, fits);
}

std::string reference(std::string_view id_or_name) {
  auto lower = lowered(id_or_name);
  return is_uuid(lower) ? lower : std::string{id_or_name};
}

std::unexpected<Error> no_such(std::string_view noun, std::string_view id_or_name) {
  std::string shown{id_or_name.substr(0, 128)};
  // They may end up on a terminal.
  std::ranges::replace_if(shown, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return fail(ErrorCode::not_found, "there is no " + std::string{noun} + " \"" + shown + "\"");
}

Result<std::string> action_id(const model::Action& action, std::string_view requested_by) {
  std::string text;
  for (const auto* part : {&action.agent, &action.tool, &action.capability, &action.method, &action.url,
                           &action.end_user, &action.body_sha256}) {
    // With its length in front, no part can pass for the end of the one before it.
    text += std::to_string(part->size()) + ':' + *part;
  }
  if (!requested_by.empty()) text.append("by ").append(requested_by);
  std::array<unsigned char, 32> digest{};
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    return fail(ErrorCode::internal, "cannot compute SHA-256 for an action");
  }
  return hexadecimal(digest);
}

Result<std::string> resolve_id(soci::session& session, const Kind& kind, std::string_view id) {
  const std::string not_found = "there is no " + std::string{kind.noun} + " " + quoted(id);
  if (id.empty() || !std::ranges::all_of(id, is_id_character)) return fail(ErrorCode::not_found, not_found);
  // Run ids are ULIDs (upper case), the others UUIDs (lower case).
  std::string lower{id};
  std::string upper{id};
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  for (const std::string& prefix : {std::string{id}, lower, upper}) {
    const auto found = candidates(session, kind, prefix);
    if (found.empty()) continue;
    if (found.front() == prefix) return found.front();
    if (prefix.size() < min_prefix) break;
    if (found.size() > 1) return ambiguous(kind, id, found);
    return found.front();
  }
  return fail(ErrorCode::not_found, not_found,
              id.size() < min_prefix ? "a prefix of an id needs at least four characters" : "");
}

}  // namespace runagents::server
