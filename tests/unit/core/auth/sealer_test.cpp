#include "core/auth/sealer.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <set>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/auth/base64.hpp"
#include "core/auth/key_ring.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::auth;
using tests::TemporaryDirectory;

namespace {

Sealer opened(const std::filesystem::path& directory) {
  auto sealer = open_sealer(directory);
  REQUIRE_MESSAGE(sealer.has_value(), (sealer ? "" : sealer.error().message));
  return std::move(*sealer);
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

}  // namespace

TEST_CASE("what was sealed is opened with the same associated data, by another process as well") {
  const TemporaryDirectory directory;
  const auto sealed = opened(directory.path()).seal("sk_live_1", "secrets/stripe/value");
  CHECK(sealed.find("sk_live") == std::string::npos);
  CHECK(opened(directory.path()).open(sealed, "secrets/stripe/value") == "sk_live_1");
  CHECK(opened(directory.path()).open(opened(directory.path()).seal("", "x"), "x") == "");
}

TEST_CASE("a sealed value does not open in another place, nor with any bit changed, nor cut") {
  const TemporaryDirectory directory;
  const auto sealer = opened(directory.path());
  const auto sealed = sealer.seal("sk_live_1", "secrets/a/value");
  CHECK_FALSE(sealer.open(sealed, "secrets/b/value").has_value());
  const auto bytes = from_base64url(sealed);
  REQUIRE(bytes);
  for (std::size_t bit = 0; bit < 8 * bytes->size(); ++bit) {
    auto changed = *bytes;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(sealer.open(base64url(changed), "secrets/a/value").has_value());
  }
  for (std::size_t size = 0; size < bytes->size(); ++size) {
    CHECK_FALSE(sealer.open(base64url(bytes->substr(0, size)), "secrets/a/value").has_value());
  }
}

TEST_CASE("no nonce comes twice, so equal values look different") {
  const TemporaryDirectory directory;
  const auto sealer = opened(directory.path());
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) seen.insert(from_base64url(sealer.seal("same", "x")).value().substr(5, 12));
  CHECK(seen.size() == 2000);
}

TEST_CASE("the key file is private, and one that is not is refused") {
  const TemporaryDirectory directory;
  static_cast<void>(opened(directory.path()));
  const auto path = directory / "store.key";
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  CHECK(status.st_nlink == 1);
  CHECK(std::ranges::distance(std::filesystem::directory_iterator{directory.path()}) == 1);

  SUBCASE("others can read it") {
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    const auto refused = open_sealer(directory.path());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().hint.find("chmod 600") != std::string::npos);
  }
  SUBCASE("it is a link") {
    std::filesystem::rename(path, directory / "elsewhere");
    std::filesystem::create_symlink(directory / "elsewhere", path);
    CHECK_FALSE(open_sealer(directory.path()).has_value());
  }
  SUBCASE("it is a pipe") {
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(open_sealer(directory.path()).has_value());
  }
  SUBCASE("it is cut, at whatever place") {
    const auto text = text_of(path);
    for (std::size_t size = 0; size < text.size(); ++size) {
      directory.write("store.key", text.substr(0, size));
      CHECK_FALSE(open_sealer(directory.path()).has_value());
    }
    CHECK(text_of(path).size() == text.size() - 1);  // and nothing was put in its place
  }
  SUBCASE("a digit of it is wrong") {
    auto text = text_of(path);
    text[20] = text[20] == 'A' ? 'B' : 'A';
    directory.write("store.key", text);
    const auto refused = open_sealer(directory.path());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("damaged") != std::string::npos);
    CHECK(refused.error().message.find(text.substr(9, 43)) == std::string::npos);
  }
}

TEST_CASE("of many processes that need a key at once, one makes it and all use it") {
  const TemporaryDirectory directory;
  constexpr int processes = 16;
  std::vector<pid_t> children;
  for (int i = 0; i < processes; ++i) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      const auto sealer = open_sealer(directory.path());
      if (!sealer) ::_exit(1);
      const auto name = directory / ("sealed" + std::to_string(i));
      std::ofstream{name} << sealer->seal("value", "x");
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const auto child : children) {
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  const auto sealer = opened(directory.path());
  for (int i = 0; i < processes; ++i) {
    CHECK(sealer.open(text_of(directory / ("sealed" + std::to_string(i))), "x") == "value");
  }
}

TEST_CASE("after the key was changed, old values open only where they were sealed again") {
  const TemporaryDirectory directory;
  auto sealer = opened(directory.path());
  const auto other = opened(directory.path());  // another process that runs on
  const auto before = sealer.seal("one", "x");
  const auto forgotten = sealer.seal("two", "y");
  std::string after;
  std::string meanwhile;
  const auto changed = sealer.change_key([&]() -> Result<void> {
    CHECK(opened(directory.path()).open(before, "x") == "one");  // a process that starts in between has both keys
    const auto plain = sealer.open(before, "x");
    REQUIRE(plain);
    after = sealer.seal(*plain, "x");
    meanwhile = other.seal("three", "z");
    return {};
  });
  REQUIRE(changed.has_value());
  CHECK(opened(directory.path()).open(after, "x") == "one");
  CHECK(opened(directory.path()).open(meanwhile, "z") == "three");
  CHECK(other.open(after, "x") == "one");
  CHECK(other.open(before, "x") == "one");  // it may have read it before the change
  CHECK_FALSE(opened(directory.path()).open(forgotten, "y").has_value());
  CHECK(sealer.seal("a", "b").substr(0, 6) != before.substr(0, 6));
  CHECK(opened(directory.path()).open(other.seal("four", "x"), "x") == "four");
}

TEST_CASE("a change of the key that fails, or dies, leaves everything readable, and can be done again") {
  const TemporaryDirectory directory;
  auto sealer = opened(directory.path());
  const auto before = sealer.seal("one", "x");
  const auto change = [&](bool dies) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      static_cast<void>(sealer.change_key([dies]() -> Result<void> {
        if (dies) ::_exit(0);
        return fail(ErrorCode::unavailable, "full disk");
      }));
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
  };
  for (const bool dies : {true, false, true}) {
    change(dies);
    CHECK(opened(directory.path()).open(before, "x") == "one");
    CHECK(sealer.open(sealer.seal("two", "x"), "x") == "two");
  }
  auto fresh = opened(directory.path());
  std::string after;
  REQUIRE(fresh
              .change_key([&]() -> Result<void> {
                after = fresh.seal("one", "x");
                return {};
              })
              .has_value());
  CHECK(KeyFile{directory / "store.key"}.load()->keys.size() == 1);
  CHECK(sealer.open(after, "x") == "one");
}
