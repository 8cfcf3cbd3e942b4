#include "cli/child_process.hpp"

#include <doctest/doctest.h>
#include <fstream>
#include <unistd.h>

#include "cli/secrets/secret_search.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::cli;
using runagents::tests::TemporaryDirectory;

namespace {

ChildSpec shell(std::string script) {
  ChildSpec spec;
  spec.command = {"sh", "-c", std::move(script)};
  return spec;
}

}  // namespace

TEST_CASE("a child gets its input, variables and directory, and its status is a shell's") {
  TemporaryDirectory directory;
  auto spec = shell("read word; echo $word $NEW $OLD_ONE; pwd; exit 3");
  ::setenv("OLD_ONE", "old", 1);
  spec.set = {{"NEW", "new"}};
  spec.unset_prefix = "OLD_";
  spec.input = "hello\n";
  spec.directory = directory.path();
  const auto result = run_child(spec);
  REQUIRE(result.has_value());
  CHECK(result->exit_code == 3);
  CHECK(result->output == "hello new\n" + directory.path().string() + "\n");
  CHECK(run_child(shell("kill -9 $$"))->exit_code == 137);
}

TEST_CASE("a program that does not exist is an error that names it") {
  ChildSpec spec;
  spec.command = {"no-such-program-of-ours"};
  const auto result = run_child(spec);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message.contains("no-such-program-of-ours"));
}

TEST_CASE("a secret is found where it is and only there") {
  TemporaryDirectory directory;
  const std::string secret = "needle_" + std::to_string(::getpid());
  std::ofstream{directory / "with"} << "x" << secret << "y";
  std::ofstream{directory / "without"} << "nothing";
  CHECK(files_with(secret, directory.path()) == std::vector<std::filesystem::path>{directory / "with"});
  CHECK_FALSE(file_has(secret, directory / "missing").has_value());

  auto spec = shell("echo $$; kill -STOP $$");
  spec.set = {{"HIDDEN", secret}};
  auto child = ChildProcess::start(spec);
  REQUIRE(child.has_value());
  const auto pid = child->read_line(std::chrono::seconds{30}).value();
  CHECK(file_has(secret, "/proc/" + pid + "/environ") == true);
  CHECK(file_has(secret, "/proc/" + pid + "/cmdline") == false);
}

TEST_CASE("a child that ignores its end is killed") {
  std::string pid;
  {
    auto child = ChildProcess::start(shell("trap '' TERM; echo $$; while :; do sleep 0.05; done"));
    REQUIRE(child.has_value());
    pid = child->read_line(std::chrono::seconds{30}).value();
  }
  CHECK_FALSE(std::filesystem::exists("/proc/" + pid));
}

#if __has_feature(address_sanitizer)
constexpr bool memory_can_be_read_through = false;  // AddressSanitizer maps terabytes
#else
constexpr bool memory_can_be_read_through = true;
#endif

TEST_CASE("the memory of a process that holds a secret gives it away" * doctest::skip(!memory_can_be_read_through)) {
  const std::string secret = "memory_needle_" + std::to_string(::getpid());
  CHECK(memory_has(secret, ::getpid()) == true);
}
