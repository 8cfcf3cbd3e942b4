#include "cli/run/demo.hpp"

#include <array>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <ostream>
#include <random>
#include <signal.h>
#include <unistd.h>

#include "cli/child_process.hpp"
#include "cli/embedded_files.hpp"
#include "cli/groups.hpp"
#include "cli/run/demo_story.hpp"

namespace runagents::cli {
namespace {

namespace fs = std::filesystem;

/// A directory of the demo's own, gone when it ends.
class PrivateDirectory {
 public:
  PrivateDirectory() {
    std::string pattern = (fs::temp_directory_path() / "runagents-demo-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;
  ~PrivateDirectory() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

 private:
  fs::path path_;
};

/// Ctrl-C ends the demo's run, which gets it too; the demo itself goes on to the end and cleans up.
class SurvivesInterrupt {
 public:
  SurvivesInterrupt() {
    struct sigaction ignore{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGINT, &ignore, &before_);
  }
  SurvivesInterrupt(const SurvivesInterrupt&) = delete;
  SurvivesInterrupt& operator=(const SurvivesInterrupt&) = delete;
  ~SurvivesInterrupt() { ::sigaction(SIGINT, &before_, nullptr); }

 private:
  struct sigaction before_{};
};

std::string random_key() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device source;
  std::string key = "demo_key_";
  for (int i = 0; i < 32; ++i) key += digits[source() % digits.size()];
  return key;
}

bool has_python() {
  const auto found = run_child({.command = {"python3", "-c", "print(1)"},
                                .set = {},
                                .unset_prefix = {},
                                .directory = {},
                                .input = {},
                                .errors = "/dev/null"});
  return found && found->exit_code == 0;
}

void write(const fs::path& path, std::string text, const std::string& port) {
  const auto at = text.rfind("@PORT@");
  if (at != std::string::npos) text.replace(at, 6, port);
  std::ofstream{path, std::ios::binary} << text;
}

}  // namespace

Outcome demo(Context& context) {
  if (!has_python()) {
    return fail(ErrorCode::unavailable, "the demo needs python3, and there is none in PATH",
                "install it: sudo apt-get install python3");
  }
  const SurvivesInterrupt survives;
  const PrivateDirectory directory;
  if (directory.path().empty()) return fail(ErrorCode::internal, "cannot make a temporary directory");
  DemoWorld world{.directory = directory.path(), .program = context.program, .key = random_key()};
  fs::create_directory(world.directory / "project");
  write(world.directory / "payments.py", std::string{embedded_text("demo/payments.py")}, {});
  auto upstream =
      ChildProcess::start({.command = {"python3", (world.directory / "payments.py").string(), world.log().string()},
                           .set = {},
                           .unset_prefix = {},
                           .directory = {},
                           .input = world.key + "\n",
                           .errors = world.directory / "payments.err"});
  if (!upstream) return std::unexpected(upstream.error());
  const auto port = upstream->read_line(std::chrono::seconds{30});
  if (!port) return fail(ErrorCode::unavailable, "the demo's payments API did not start");
  for (const std::string name : {"runagents.toml", "agent.py"}) {
    write(world.directory / "project" / name, std::string{embedded_text("demo/" + name)}, *port);
  }
  return tell_story(world, context);
}

Command demo_command() {
  return {.name = "demo",
          .summary = "see the whole story, with nothing to configure",
          .description =
              "Starts a payments API and an agent, both real programs on this machine, and shows what runagents "
              "does with\nthe agent's calls. Everything lives in a temporary directory. Needs python3.",
          .examples = {{"runagents demo", "a few seconds"}},
          .run = demo};
}

}  // namespace runagents::cli
