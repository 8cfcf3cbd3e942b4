// What a token endpoint answers: the first byte chooses the status.
#include "core/auth/token_response.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

namespace {

bool is_visible(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents;
  if (size == 0) return 0;
  http::FetchResponse response;
  response.status = data[0] < 0x80 ? 200 : 400 + (data[0] & 0x7f);
  response.body.assign(reinterpret_cast<const char*>(data + 1), size - 1);
  constexpr std::chrono::sys_seconds now{std::chrono::seconds{1'700'000'000}};
  const auto tokens = auth::read_token_response(response, now);
  if (!tokens) {
    // Nothing of the answer may show, but for the word of a known error.
    if (tokens.error().message.empty() || tokens.error().message.size() > 200) std::abort();
    return 0;
  }
  if (tokens->access_token.empty() || !is_visible(tokens->access_token.reveal())) std::abort();
  if (!is_visible(tokens->refresh_token.reveal())) std::abort();
  if (tokens->expires_at && *tokens->expires_at < now) std::abort();
  return 0;
}
