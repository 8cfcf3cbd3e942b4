#include "core/config/directories.hpp"

#include <doctest/doctest.h>
#include <initializer_list>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "scoped_variable.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::config {
namespace {

using tests::TemporaryDirectory;

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

/// An environment in which only HOME says where things are.
struct HomeOnly {
  explicit HomeOnly(const char* home) : home_variable{"HOME", home} {}
  ScopedVariable home_variable;
  ScopedVariable configuration{"XDG_CONFIG_HOME", nullptr};
  ScopedVariable data{"XDG_DATA_HOME", nullptr};
  ScopedVariable cache{"XDG_CACHE_HOME", nullptr};
  ScopedVariable runtime{"XDG_RUNTIME_DIR", nullptr};
};

std::string fallback() { return "/tmp/runagents-" + std::to_string(::geteuid()); }

TEST_CASE("without XDG variables everything is below the home directory, and the runtime directory below /tmp") {
  const HomeOnly environment{"/home/somebody"};
  const auto found = directories();
  REQUIRE(found);
  CHECK(found->configuration == "/home/somebody/.config/runagents");
  CHECK(found->data == "/home/somebody/.local/share/runagents");
  CHECK(found->cache == "/home/somebody/.cache/runagents");
  CHECK(found->runtime == fallback());
}

TEST_CASE("XDG variables win, unless they are relative or empty") {
  const HomeOnly environment{"/home/somebody"};
  const ScopedVariable configuration{"XDG_CONFIG_HOME", "/c"};
  const ScopedVariable data{"XDG_DATA_HOME", "relative/path"};
  const ScopedVariable cache{"XDG_CACHE_HOME", ""};
  const auto found = directories();
  REQUIRE(found);
  CHECK(found->configuration == "/c/runagents");
  CHECK(found->data == "/home/somebody/.local/share/runagents");
  CHECK(found->cache == "/home/somebody/.cache/runagents");
}

TEST_CASE("a runtime directory is used only when it exists and is private to this user") {
  const TemporaryDirectory directory;
  const HomeOnly environment{"/home/somebody"};
  const ScopedVariable runtime{"XDG_RUNTIME_DIR", directory.path().c_str()};
  CHECK(directories()->runtime == directory.path() / "runagents");
  REQUIRE(::chmod(directory.path().c_str(), 0777) == 0);
  CHECK(directories()->runtime == fallback());
  REQUIRE(::chmod(directory.path().c_str(), 0700) == 0);
  const ScopedVariable gone{"XDG_RUNTIME_DIR", "/run/user/none-such"};
  CHECK(directories()->runtime == fallback());
}

TEST_CASE("without HOME the account's home directory counts") {
  const HomeOnly environment{nullptr};
  const auto found = directories();
  REQUIRE(found);
  CHECK(found->configuration.is_absolute());
}

TEST_CASE("a private directory is made with its parents, whatever the umask") {
  const TemporaryDirectory directory;
  const auto before = ::umask(0);
  const auto made = make_private_directory(directory.path() / "a" / "b" / "c");
  ::umask(before);
  REQUIRE(made);
  CHECK(mode_of(directory.path() / "a") == 0700);
  CHECK(mode_of(directory.path() / "a" / "b" / "c") == 0700);
  CHECK(make_private_directory(directory.path() / "a" / "b" / "c"));
}

TEST_CASE("a directory that others can write is refused, one that they can read is not") {
  const TemporaryDirectory directory;
  for (const mode_t mode : std::initializer_list<mode_t>{0770, 0720, 0702, 0777}) {
    CAPTURE(mode);
    REQUIRE(::chmod(directory.path().c_str(), mode) == 0);
    const auto made = make_private_directory(directory.path());
    REQUIRE(!made);
    CHECK(made.error().code == ErrorCode::configuration);
  }
  REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
  CHECK(make_private_directory(directory.path()));
}

TEST_CASE("a file in the way, of a directory or of a parent, is an error") {
  const TemporaryDirectory directory;
  directory.write("file", "");
  CHECK(!make_private_directory(directory.path() / "file"));
  CHECK(!make_private_directory(directory.path() / "file" / "below"));
}

TEST_CASE("a link of one's own is followed, and its target judged") {
  const TemporaryDirectory directory;
  REQUIRE(make_private_directory(directory.path() / "real"));
  std::filesystem::create_symlink("real", directory.path() / "link");
  CHECK(make_private_directory(directory.path() / "link"));
  REQUIRE(::chmod((directory.path() / "real").c_str(), 0777) == 0);
  CHECK(!make_private_directory(directory.path() / "link"));
  std::filesystem::create_symlink("nowhere", directory.path() / "dangling");
  CHECK(!make_private_directory(directory.path() / "dangling"));
}

TEST_CASE("a directory or a link of another user is refused") {
  if (::geteuid() != 0) return;
  const TemporaryDirectory directory;
  REQUIRE(make_private_directory(directory.path() / "theirs"));
  REQUIRE(::chown((directory.path() / "theirs").c_str(), 12345, 12345) == 0);
  CHECK(!make_private_directory(directory.path() / "theirs"));
  REQUIRE(make_private_directory(directory.path() / "ours"));
  std::filesystem::create_symlink("ours", directory.path() / "link");
  REQUIRE(::lchown((directory.path() / "link").c_str(), 12345, 12345) == 0);
  CHECK(!make_private_directory(directory.path() / "link"));
}

}  // namespace
}  // namespace runagents::config
