#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

#include "cli/command.hpp"
#include "cli/connection/planes.hpp"
#include "cli/descriptor_buffer.hpp"
#include "cli/program.hpp"
#include "core/audit/journal.hpp"

namespace {

using namespace runagents;

/// 0: no terminal, or one that does not say.
std::size_t width_of(int descriptor) {
  winsize size{};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

cli::Terminal open_terminal(std::ostream& out, std::ostream& err, const cli::DescriptorBuffer& buffer) {
  return {.in = std::cin,
          .out = out,
          .err = err,
          .in_is_terminal = ::isatty(STDIN_FILENO) == 1,
          .out_is_terminal = ::isatty(STDOUT_FILENO) == 1,
          .err_is_terminal = ::isatty(STDERR_FILENO) == 1,
          .width = width_of(STDOUT_FILENO),
          .err_width = width_of(STDERR_FILENO),
          .write_error = [&buffer] { return buffer.error(); }};
}

std::optional<std::string> variable(std::string_view name) {
  const char* value = std::getenv(std::string{name}.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>{value};
}

/// The parent of a process (proc(5), stat): the second field after the program's name in parentheses.
std::int64_t parent_of(std::int64_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos || name_end + 4 > line.size()) return 0;
  return std::strtoll(line.c_str() + name_end + 4, nullptr, 10);
}

std::vector<std::int64_t> ancestors() {
  std::vector<std::int64_t> found;
  for (std::int64_t pid = ::getppid(); pid > 1; pid = parent_of(pid)) found.push_back(pid);
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  if (!cli::fill_standard_descriptors()) {
    std::cerr << "runagents: started without standard input, output or error, and /dev/null cannot be opened\n";
    return EXIT_FAILURE;
  }
  std::ios::sync_with_stdio(false);
  std::cin.tie(nullptr);
  cli::DescriptorBuffer buffer{STDOUT_FILENO};
  std::ostream out{&buffer};
  // Whoever sees both reads them in the order in which they were said.
  std::ostream err{std::cerr.rdbuf()};
  err << std::unitbuf;
  err.tie(&out);
  auto terminal = open_terminal(out, err, buffer);
  cli::Planes planes{{.directories = config::directories,
                      .environment = variable,
                      .trace = [](const std::string& line) { std::cerr << line << '\n'; }}};
  std::error_code error;
  cli::Context context{
      .terminal = terminal,
      .output = {},
      .now = model::now,
      .environment = variable,
      .working_directory = std::filesystem::current_path(error),
      .program = "/proc/self/exe",
      .directories = config::directories,
      .choose = [&planes](std::string name, bool traces) { planes.choose(std::move(name), traces); },
      .connection = [&planes] { return planes.connection(); },
      .control_plane = [&planes] { return planes.control_plane(); },
      .transport = [&planes] { return planes.transport(); },
      .anonymous_transport = [&planes] { return planes.anonymous_transport(); },
      .transport_as = [&planes](api::RequestCredential own) { return planes.transport_as(std::move(own)); },
      .credential = [&planes](std::string_view refused) { return planes.credential(refused); },
      .refused_request = [&planes] { return planes.refused_request(); },
      .local_control_plane = [&planes] { return planes.local_control_plane(); },
      .pause =
          [](std::chrono::milliseconds length) {
            std::this_thread::sleep_for(length);
            return true;
          },
      .ancestors = ancestors,
      .journal_is_held = audit::is_held,
  };
  const std::vector<std::string> words(argv + 1, argv + argc);
  return cli::execute(cli::command_tree(words.empty() ? std::string_view{} : words.front()), words, context);
}
