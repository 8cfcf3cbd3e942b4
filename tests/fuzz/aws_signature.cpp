// What an agent sends becomes part of what is signed: it has one spelling, and cannot add a line to the canonical
// request.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/auth/sigv4.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::auth;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto path = bytes.substr(0, bytes.find('?'));
  const auto rest = bytes.substr(std::min(path.size() + 1, bytes.size()));
  const auto query = rest.substr(0, rest.find('\n'));
  const auto value = rest.substr(std::min(query.size() + 1, rest.size()));

  const auto canonical = canonical_query(query);
  if (canonical_query(canonical) != canonical) std::abort();
  const auto strict = strict_path(path);
  if (strict_path(strict) != strict) std::abort();
  for (const auto rule : {SigV4Path::normalized, SigV4Path::object_key, SigV4Path::verbatim}) {
    const auto request = canonical_request({"GET", path, query, {{"b", value}, {"A", "x"}}, "hash", rule});
    if (std::ranges::count(request.text, '\n') != 7) std::abort();
    if (request.signed_headers != "a;b") std::abort();
  }
  return 0;
}
