#include "runner/egress/scrubber.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <random>

#include "core/auth/base64.hpp"
#include "core/auth/percent.hpp"
#include "tests/unit/effort.hpp"

using namespace runagents;
using namespace runagents::egress;

namespace {

constexpr std::string_view secret = "sk_live/4eC39+HqLy\"jWD";

std::shared_ptr<const ScrubPatterns> patterns(std::string_view of = secret) {
  return std::make_shared<const ScrubPatterns>(std::vector<std::string_view>{of});
}

std::string scrubbed(std::string text, std::string_view of = secret) {
  patterns(of)->scrub(text);
  return text;
}

/// What comes out when the text comes in pieces of these sizes, one after the other and again from the first.
std::string in_pieces(std::string_view text, const std::vector<std::size_t>& sizes, std::string_view of = secret) {
  Scrubber scrubber{patterns(of)};
  std::string out;
  for (std::size_t i = 0; !text.empty(); ++i) {
    const auto size = std::min(sizes[i % sizes.size()], text.size());
    const std::string piece{text.substr(0, size)};
    text.remove_prefix(size);
    out += scrubber.pass(piece, text.empty());
  }
  return out;
}

std::string stars(std::size_t count) { return std::string(count, '*'); }

}  // namespace

TEST_CASE("a secret is found in every spelling and overwritten in its length") {
  CHECK(scrubbed("a " + std::string{secret} + " b") == "a " + stars(secret.size()) + " b");
  CHECK(scrubbed(R"({"k":"sk_live/4eC39+HqLy\"jWD"})") == "{\"k\":\"" + stars(secret.size() + 1) + "\"}");
  CHECK(scrubbed("?k=" + auth::percent_encoded(secret)) == "?k=" + stars(auth::percent_encoded(secret).size()));
  CHECK(scrubbed("sk_live%2f4eC39%2bHqLy%22jWD") == stars(28));
  CHECK(scrubbed(std::string{secret} + std::string{secret}) == stars(2 * secret.size()));
  const std::string other = "nothing of the kind, sk_live/4eC39+HqLy is only a part";
  CHECK(scrubbed(other) == other);
}

TEST_CASE("base64 is found wherever the secret stands in what was encoded") {
  for (const std::string before : {"", "a", "ab", "abc", "user:"}) {
    for (const std::string after : {"", "x", "xy", "xyz"}) {
      for (auto* encode : {auth::base64, auth::base64url}) {
        const auto text = scrubbed(encode(before + std::string{secret} + after));
        CAPTURE(text);
        // At most a digit at each end is left, which holds bits of the neighbour.
        CHECK(std::ranges::count(text, '*') >= static_cast<std::ptrdiff_t>(secret.size() * 8 / 6) - 2);
      }
    }
  }
}

TEST_CASE("short secrets are left alone, since ordinary text is full of them") {
  CHECK(patterns("hunter2")->empty() == false);  // its base64 is long enough
  CHECK(scrubbed("password is hunter2", "hunter2") == "password is hunter2");
  CHECK(patterns("abc")->empty());
  CHECK(patterns("")->empty());
  CHECK(scrubbed("abc", "abc") == "abc");
}

TEST_CASE("pieces of any size give what the whole gives") {
  const std::string text = "x" + std::string{secret} + "y sk_live/ sk_live/4eC39 " + auth::base64(secret) + " s" +
                           std::string{secret} + " " + auth::percent_encoded(secret) + " sk_live/4eC39+HqLy\"jW";
  const auto whole = scrubbed(text);
  CHECK(whole.find("4eC39+HqLy\"jWD") == std::string::npos);
  for (std::size_t size = 1; size <= text.size(); ++size) CHECK(in_pieces(text, {size}) == whole);
}

TEST_CASE("only what may be a beginning is held back") {
  Scrubber scrubber{patterns()};
  CHECK(scrubber.pass("data: x\n\n", false) == "data: x\n\n");
  CHECK(scrubber.pass("an end sk_live", false) == "an end ");
  CHECK(scrubber.pass("ly and so on", false) == "sk_lively and so on");
  CHECK(scrubber.pass("sk", false).empty());
  CHECK(scrubber.pass("", true) == "sk");
}

TEST_CASE("against a search that is too simple to be wrong") {
  std::mt19937 random{7};
  const std::string small_secret = "abababac";
  for (std::size_t round = 0; round < tests::effort(3000); ++round) {
    std::string text;
    const auto size = random() % 200;
    for (std::size_t i = 0; i < size; ++i) text.push_back("abc"[random() % 3]);
    std::string expected = text;
    for (std::size_t at = expected.find(small_secret); at != std::string::npos;
         at = expected.find(small_secret, at + 8)) {
      expected.replace(at, 8, 8, '*');
    }
    std::vector<std::size_t> sizes;
    for (int i = 0; i < 5; ++i) sizes.push_back(1 + random() % 20);
    REQUIRE(in_pieces(text, sizes, small_secret) == expected);
  }
}
