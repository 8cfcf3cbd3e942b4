// A body on its way to the agent: however it is cut, its size stays, and the secret is in no part of it.
// Input: size of pieces, size of the secret, the secret, the body, in which 0xFF stands for the secret.
#include "runner/egress/scrubber.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace runagents::egress;

std::string passed(const std::shared_ptr<const ScrubPatterns>& patterns, std::string_view body, std::size_t step) {
  Scrubber scrubber{patterns};
  std::string out;
  for (std::size_t at = 0; at < body.size(); at += step) {
    out.append(scrubber.pass(body.substr(at, step), false));
  }
  return out.append(scrubber.pass({}, true));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input{reinterpret_cast<const char*>(data), size};
  if (size < 2) return 0;
  const std::size_t step = data[0] % 32 + std::size_t{1};
  const std::size_t length = ScrubPatterns::min_size + data[1] % 40;
  if (size < 2 + length) return 0;
  const std::string secret{input.substr(2, length)};
  std::string body;
  for (const char c : input.substr(2 + length)) {
    if (c == '\xff') {
      body.append(secret);
    } else {
      body.push_back(c);
    }
  }
  const auto patterns = std::make_shared<const ScrubPatterns>(std::vector<std::string_view>{secret});
  const auto cut = passed(patterns, body, step);
  const bool all_stars = std::ranges::all_of(secret, [](char c) { return c == '*'; });
  if (cut.size() != body.size()) std::abort();
  // A secret that begins and ends with stars can come about from what overwrites it.
  if (!all_stars && secret.find('*') == secret.npos && cut.find(secret) != cut.npos) std::abort();
  for (std::size_t i = 0; i < cut.size(); ++i) {
    if (cut[i] != body[i] && cut[i] != '*') std::abort();
  }
  return 0;
}
