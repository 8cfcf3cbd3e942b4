#include "server/request_id.hpp"

#include <algorithm>

#include "server/service/identifier.hpp"

namespace runagents::server {
namespace {

constexpr std::size_t max_bytes = 128;

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= max_bytes && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view{"-_.:"}.contains(c);
  });
}

}  // namespace

std::string request_id_of(std::string_view given) {
  return is_plain(given) ? std::string{given} : new_uuid().value_or("");
}

}  // namespace runagents::server
