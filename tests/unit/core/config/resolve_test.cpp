#include <chrono>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <fstream>
#include <initializer_list>
#include <signal.h>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/secret.hpp"
#include "scoped_variable.hpp"
#include "tests/unit/temporary_directory.hpp"

namespace runagents::config {
namespace {

using tests::TemporaryDirectory;

using namespace std::chrono_literals;
using Kind = model::SecretReference::Kind;

Result<Secret> resolve_text(std::string_view text, const std::filesystem::path& directory = "/",
                            std::chrono::milliseconds limit = 20s) {
  const auto reference = parse_secret_reference(text);
  if (!reference) return std::unexpected(reference.error());
  return resolve(*reference, directory, limit);
}

std::string value_of(const Result<Secret>& secret) {
  if (!secret) return "error: " + secret.error().message;
  return std::string{secret->reveal()};
}

TEST_CASE("a variable gives its value without the line's end") {
  const ScopedVariable plain{"RUNAGENTS_TEST_SECRET", "hunter2"};
  CHECK(value_of(resolve_text("env:RUNAGENTS_TEST_SECRET")) == "hunter2");
  const ScopedVariable with_newline{"RUNAGENTS_TEST_SECRET", "hunter2\n"};
  CHECK(value_of(resolve_text("env:RUNAGENTS_TEST_SECRET")) == "hunter2");
}

TEST_CASE("a variable that is not set, empty or of several lines is an error that does not tell the value") {
  const ScopedVariable missing{"RUNAGENTS_TEST_SECRET", nullptr};
  const auto unset = resolve_text("env:RUNAGENTS_TEST_SECRET");
  REQUIRE(!unset);
  CHECK(unset.error().code == ErrorCode::not_found);
  CHECK(unset.error().message.contains("env:RUNAGENTS_TEST_SECRET"));
  for (const auto* value : {"", "\n", "hunter2\nX-Evil: 1", "hunter2\rx", "hunter2\r"}) {
    const ScopedVariable set{"RUNAGENTS_TEST_SECRET", value};
    const auto secret = resolve_text("env:RUNAGENTS_TEST_SECRET");
    REQUIRE(!secret);
    CHECK(secret.error().code == ErrorCode::configuration);
    CHECK(!secret.error().message.contains("hunter2"));
  }
}

TEST_CASE("a private file gives its content without trailing newlines, relative to the directory") {
  const TemporaryDirectory directory;
  directory.write("plain", "hunter2");
  directory.write("newline", "hunter2\n");
  directory.write("windows", "hunter2\r\n");
  directory.write("read-only", "hunter2\n\n", 0400);
  for (const auto* name : {"plain", "newline", "windows", "read-only"}) {
    CAPTURE(name);
    CHECK(value_of(resolve_text("file:" + std::string{name}, directory.path())) == "hunter2");
    CHECK(value_of(resolve_text("file:" + (directory.path() / name).string())) == "hunter2");
  }
}

TEST_CASE("a path may start at the home directory") {
  const TemporaryDirectory directory;
  directory.write("key", "hunter2");
  const ScopedVariable home{"HOME", directory.path().c_str()};
  CHECK(value_of(resolve_text("file:~/key", "/nowhere")) == "hunter2");
}

TEST_CASE("a file that group or others can use in any way is refused") {
  const TemporaryDirectory directory;
  for (const mode_t mode : std::initializer_list<mode_t>{0640, 0620, 0610, 0604, 0602, 0601, 0644, 0666, 0777}) {
    CAPTURE(mode);
    directory.write("key", "hunter2", mode);
    const auto secret = resolve_text("file:key", directory.path());
    REQUIRE(!secret);
    CHECK(secret.error().code == ErrorCode::configuration);
    CHECK(secret.error().hint == "chmod 600 " + (directory.path() / "key").string());
    CHECK(!secret.error().message.contains("hunter2"));
  }
}

TEST_CASE("behind a symbolic link, the file counts") {
  const TemporaryDirectory directory;
  directory.write("private", "hunter2", 0600);
  directory.write("open", "hunter2", 0644);
  std::filesystem::create_symlink("private", directory.path() / "to-private");
  std::filesystem::create_symlink("open", directory.path() / "to-open");
  std::filesystem::create_symlink("nowhere", directory.path() / "to-nowhere");
  std::filesystem::create_symlink("loop", directory.path() / "loop");
  CHECK(value_of(resolve_text("file:to-private", directory.path())) == "hunter2");
  CHECK(!resolve_text("file:to-open", directory.path()));
  CHECK(!resolve_text("file:to-nowhere", directory.path()));
  CHECK(!resolve_text("file:loop", directory.path()));
}

TEST_CASE("what is no regular file, or has no single-line value, is refused") {
  const TemporaryDirectory directory;
  directory.write("empty", "");
  directory.write("newlines", "\n\n");
  directory.write("lines", "hunter2\nhunter3\n");
  directory.write("nul", std::string_view{"hunter\0two", 10});
  directory.write("return", "hunter2\rx");
  directory.write("large", std::string(64 * 1024 + 1, 'x'));
  std::filesystem::create_directory(directory.path() / "folder");
  REQUIRE(::mkfifo((directory.path() / "pipe").c_str(), 0600) == 0);
  for (const auto* name : {"empty", "newlines", "lines", "nul", "return", "large", "folder", "pipe", "missing"}) {
    CAPTURE(name);
    const auto secret = resolve_text("file:" + std::string{name}, directory.path());
    REQUIRE(!secret);
    CHECK(secret.error().message.starts_with("file:" + std::string{name}));
    CHECK(!secret.error().message.contains("hunter"));
  }
  CHECK(resolve_text("file:missing", directory.path()).error().code == ErrorCode::not_found);
  directory.write("largest", std::string(64 * 1024, 'x'));
  CHECK(resolve_text("file:largest", directory.path()));
}

TEST_CASE("a command gives the first line of its output") {
  CHECK(value_of(resolve_text("exec:echo hunter2")) == "hunter2");
  CHECK(value_of(resolve_text("exec:printf 'hunter2\\nsecond\\n'")) == "hunter2");
  CHECK(value_of(resolve_text("exec:printf 'hunter2\\r\\nsecond'")) == "hunter2");
  CHECK(value_of(resolve_text("exec:printf hunter2")) == "hunter2");
  CHECK(value_of(resolve_text("exec:printf '%s|' 'a b' \"c  d\" e\\ f")) == "a b|c  d|e f|");
  CHECK(value_of(resolve_text("exec:sh -c 'echo $((40 + 2))'")) == "42");
}

TEST_CASE("a command runs without a shell, in the directory, with this environment and no input") {
  const TemporaryDirectory directory;
  directory.write("get", "#!/bin/sh\necho from-script\n", 0700);
  const ScopedVariable variable{"RUNAGENTS_TEST_SECRET", "inherited"};
  CHECK(value_of(resolve_text("exec:echo '$HOME;x'")) == "$HOME;x");
  CHECK(value_of(resolve_text("exec:pwd -P", directory.path())) == directory.path().string());
  CHECK(value_of(resolve_text("exec:./get", directory.path())) == "from-script");
  CHECK(value_of(resolve_text("exec:printenv RUNAGENTS_TEST_SECRET")) == "inherited");
  CHECK(value_of(resolve_text("exec:sh -c 'cat; echo end'")) == "end");
}

TEST_CASE("a command inherits no descriptor, also one without close-on-exec") {
  const int leaked = ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): the point
  REQUIRE(leaked > 2);
  CHECK(value_of(resolve_text("exec:sh -c 'ls /proc/self/fd | wc -l'")) == "4");  // 0, 1, 2 and the one ls opens
  ::close(leaked);
}

TEST_CASE("a command starts with default signals, whatever this process does with them") {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigset_t old;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &old);
  const auto ignored = resolve_text("exec:sh -c 'kill -PIPE $$; echo survived'");
  const auto masked = resolve_text("exec:sh -c 'kill -TERM $$; echo survived'");
  ::pthread_sigmask(SIG_SETMASK, &old, nullptr);
  ::signal(SIGPIPE, before);
  CHECK(value_of(ignored).ends_with("was ended by signal 13"));
  CHECK(value_of(masked).ends_with("was ended by signal 15"));
}

TEST_CASE("a command that fails is reported with how it ended") {
  const auto failed = resolve_text("exec:sh -c 'echo leaked-out; echo leaked-err >&2; exit 3'");
  REQUIRE(!failed);
  CHECK(failed.error().message.ends_with("sh ended with exit status 3"));
  const auto killed = resolve_text("exec:sh -c 'kill -TERM $$'");
  REQUIRE(!killed);
  CHECK(killed.error().message.ends_with("sh was ended by signal 15"));
  const auto missing = resolve_text("exec:runagents-no-such-program x");
  REQUIRE(!missing);
  CHECK(missing.error().message.ends_with("cannot run runagents-no-such-program: No such file or directory"));
}

TEST_CASE("what a failing command wrote is in no error") {
  const TemporaryDirectory directory;
  directory.write("fail", "#!/bin/sh\necho leaked-out\necho leaked-err >&2\nexit 3\n", 0700);
  const auto failed = resolve_text("exec:./fail", directory.path());
  REQUIRE(!failed);
  CHECK(!failed.error().message.contains("leaked"));
  CHECK(!failed.error().hint.contains("leaked"));
}

TEST_CASE("a command without output, with an empty first line or with NUL is refused") {
  CHECK(!resolve_text("exec:true"));
  CHECK(!resolve_text("exec:printf '\\nhunter2\\n'"));
  CHECK(!resolve_text("exec:printf 'a\\0b'"));
  CHECK(!resolve_text("exec:printf 'a\\rb'"));
}

TEST_CASE("a command that takes too long is ended with everything in its group") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo((directory.path() / "alive").c_str(), 0600) == 0);
  // Its reader sees the end of the pipe when the last process that has it open for writing is gone.
  const int alive = ::open((directory.path() / "alive").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(alive >= 0);
  const auto begin = std::chrono::steady_clock::now();
  const auto secret =
      resolve_text("exec:sh -c 'exec 7>alive; echo ready >&7; sleep 1000 & sleep 1000; true'", directory.path(), 300ms);
  CHECK(std::chrono::steady_clock::now() - begin < 20s);
  REQUIRE(!secret);
  CHECK(secret.error().code == ErrorCode::unavailable);
  CHECK(secret.error().message.ends_with("sh did not end within 300 ms"));
  ::fcntl(alive, F_SETFL, 0);
  char buffer[64];
  ssize_t count = 0;
  while ((count = ::read(alive, buffer, sizeof(buffer))) > 0) {
  }
  CHECK(count == 0);
  ::close(alive);
}

TEST_CASE("a command that closes its output is still waited for, within the limit") {
  const auto secret = resolve_text("exec:sh -c 'echo hunter2; exec >&-; sleep 1000'", "/", 300ms);
  REQUIRE(!secret);
  CHECK(secret.error().message.ends_with("did not end within 300 ms"));
  CHECK(value_of(resolve_text("exec:sh -c 'echo hunter2; exec >&-; exit 0'")) == "hunter2");
}

TEST_CASE("a process that the command leaves behind does not hold up the value") {
  const TemporaryDirectory directory;
  const auto begin = std::chrono::steady_clock::now();
  const auto secret = resolve_text("exec:sh -c 'echo hunter2; sleep 1000 & echo $! > pid'", directory.path());
  CHECK(std::chrono::steady_clock::now() - begin < 15s);
  CHECK(value_of(secret) == "hunter2");
  pid_t left_behind = 0;
  std::ifstream{directory.path() / "pid"} >> left_behind;
  REQUIRE(left_behind > 1);
  CHECK(::kill(left_behind, SIGKILL) == 0);
}

TEST_CASE("a command that writes without end is ended") {
  const auto secret = resolve_text("exec:yes");
  REQUIRE(!secret);
  CHECK(secret.error().message.ends_with("yes wrote more than 65536 bytes"));
}

TEST_CASE("the encrypted store is asked by name, and what it says is passed on") {
  const auto reference = parse_secret_reference("store:stripe").value();
  const auto ask = [&](const StoredSecrets& stored) {
    return resolve(reference, ".", std::chrono::seconds{1}, stored);
  };
  const auto found = ask([](std::string_view name) -> Result<Secret> { return Secret{std::string{name} + " value"}; });
  REQUIRE(found);
  CHECK(found->reveal() == "stripe value");
  const auto missing = ask([](std::string_view) -> Result<Secret> {
    return fail(ErrorCode::not_found, "there is no such secret", "store it");
  });
  REQUIRE(!missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.starts_with("store:stripe "));
  CHECK(missing.error().hint == "store it");
  CHECK(ask({}).error().code == ErrorCode::unavailable);
}

}  // namespace
}  // namespace runagents::config
