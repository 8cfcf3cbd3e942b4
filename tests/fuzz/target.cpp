#include "core/policy/target.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

// Whatever a target is, its canonical form has one reading: canonicalising it again changes nothing, and nothing
// doubtful is left in it. The first byte chooses the reader.

namespace {

using namespace runagents::policy;

void require(bool holds) {
  if (!holds) std::abort();
}

bool has_doubtful_byte(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f || c == '#') return true;
  }
  return false;
}

void require_clean_path(std::string_view path) {
  require(path.starts_with('/') && !has_doubtful_byte(path) && !path.contains('\\') && !path.contains("%5C"));
  const auto closed = std::string(path) + "/";
  require(!closed.contains("/./") && !closed.contains("/../") && !closed.contains("/..;") && !closed.contains("%00"));
}

void read_path(std::string_view text) {
  std::string scratch;
  const auto once = canonical_path(text, scratch);
  if (!once) return;
  require_clean_path(once->text);
  std::string again;
  const auto twice = canonical_path(once->text, again);
  require(twice && twice->text == once->text && twice->encoded_slash == once->encoded_slash);
}

void read_host(std::string_view text) {
  std::string scratch;
  const auto once = canonical_host(text, scratch);
  if (!once) return;
  require(!once->empty() && !has_doubtful_byte(*once) && once->find_first_of("%@\\[]/?") == once->npos);
  const bool is_ipv6 = once->contains(':');
  require(is_ipv6 == text.starts_with('['));
  std::string again;
  const auto raw = is_ipv6 ? "[" + std::string(*once) + "]" : std::string(*once);
  const auto twice = canonical_host(raw, again);
  require(twice && *twice == *once);
}

void read_target(std::string_view text) {
  const auto once = parse_target(text);
  if (!once) return;
  require_clean_path(once->path);
  require(!has_doubtful_byte(once->query) && once->authority.port != 0);
  const auto url = once->to_string();
  const auto twice = parse_target(url);
  require(twice && twice->to_string() == url && twice->authority == once->authority && twice->path == once->path &&
          twice->query == once->query && twice->has_query == once->has_query && twice->scheme == once->scheme);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'p':
      read_path(text);
      break;
    case 'h':
      read_host(text);
      break;
    default:
      read_target(text);
  }
  return 0;
}
