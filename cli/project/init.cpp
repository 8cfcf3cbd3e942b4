#include "cli/project/init.hpp"

#include <array>
#include <cctype>
#include <fmt/format.h>
#include <fstream>
#include <memory>
#include <ostream>
#include <span>

#include "cli/embedded_files.hpp"
#include "cli/groups.hpp"
#include "cli/objects/object_commands.hpp"
#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

namespace fs = std::filesystem;

struct NewFile {
  fs::path path;
  std::string text;
};

std::string filled_in(std::string_view text, std::string_view name) {
  constexpr std::string_view placeholder = "@NAME@";
  std::string out{text};
  for (auto at = out.find(placeholder); at != std::string::npos; at = out.find(placeholder, at + name.size())) {
    out.replace(at, placeholder.size(), name);
  }
  return out;
}

std::vector<NewFile> files_of(const std::string& language, const fs::path& directory, std::string_view name) {
  std::vector<NewFile> files;
  const auto prefix = "templates/" + language + "/";
  for (const auto& file : embedded_files()) {
    if (!file.name.starts_with(prefix)) continue;
    const auto base = file.name.substr(prefix.size());
    files.push_back({directory / (base == "gitignore" ? ".gitignore" : base), filled_in(file.text, name)});
  }
  return files;
}

Result<void> refuse_existing(std::span<const NewFile> files) {
  std::vector<std::string> existing;
  std::error_code ignored;
  for (const auto& file : files) {
    if (fs::exists(fs::symlink_status(file.path, ignored))) existing.push_back(file.path.string());
  }
  if (existing.empty()) return {};
  return fail(
      ErrorCode::conflict,
      fmt::format("{} already there: {}", existing.size() == 1 ? "a file is" : "files are", fmt::join(existing, ", ")),
      "--force replaces them; nothing was written");
}

Result<void> write(const NewFile& file) {
  std::error_code ignored;
  // A link that stands in the way is replaced, not followed.
  fs::remove(file.path, ignored);
  std::ofstream out{file.path, std::ios::binary};
  out << file.text;
  out.close();
  if (out) return {};
  return fail(ErrorCode::internal, fmt::format("cannot write {}", file.path.string()));
}

/// As somebody in `here` would type it.
std::string as_named(const fs::path& path, const fs::path& here) {
  const auto relative = path.lexically_relative(here);
  return relative.empty() || *relative.begin() == ".." ? path.string() : relative.string();
}

std::string next_steps(const Init& options, const fs::path& directory) {
  const bool elsewhere = !options.directory.empty() && options.directory != ".";
  return fmt::format("\nNow:\n{}  runagents run\n", elsewhere ? fmt::format("  cd {}\n", directory.string()) : "");
}

}  // namespace

std::string agent_name(std::string_view directory_name) {
  std::string name;
  for (const char c : directory_name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  name = name.substr(0, 63);
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name.empty() ? "agent" : name;
}

Outcome init(const Init& options, Context& context) {
  const auto directory = (context.working_directory / options.directory).lexically_normal();
  const auto named = directory.has_filename() ? directory.filename() : directory.parent_path().filename();
  const auto name = agent_name(named.string());
  const auto files = files_of(options.language, directory, name);
  if (!options.force) {
    const auto free = refuse_existing(files);
    if (!free) return std::unexpected(free.error());
  }
  auto& out = context.terminal.out;
  if (options.dry_run) {
    say_dry_run(context);
    for (const auto& file : files) out << "would write " << output::printable(file.path.string()) << '\n';
    return 0;
  }
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) return fail(ErrorCode::internal, fmt::format("cannot create {}: {}", directory.string(), error.message()));
  for (const auto& file : files) {
    const auto written = write(file);
    if (!written) return std::unexpected(written.error());
    out << "wrote " << output::printable(as_named(file.path, context.working_directory)) << '\n';
  }
  context.terminal.err << output::printable_lines(next_steps(options, fs::path{options.directory}), "");
  return 0;
}

Command init_command() {
  auto options = std::make_shared<Init>();
  return {.name = "init",
          .summary = "scaffold a project that runs as it is, offline",
          .description =
              "Writes runagents.toml, an agent that asks a model and uses one tool, and .gitignore. Model and tool are "
              "served by runagents itself.",
          .examples = {{"runagents init my-agent && cd my-agent && runagents run", "from nothing to a run"},
                       {"runagents init --language node my-node-agent", "an agent in JavaScript"}},
          .arguments = {{.name = "DIR",
                         .summary = "where (default: here)",
                         .binding = &options->directory,
                         .required = false,
                         .means = Means::directory}},
          .flags = {{.name = "language",
                     .letter = 'l',
                     .value = "LANGUAGE",
                     .summary = "what the agent is written in",
                     .binding = &options->language,
                     .choices = {"python", "node", "shell"},
                     .default_text = "python"},
                    switch_flag("force", "replace files that are there", options->force),
                    dry_run_flag(options->dry_run)},
          .run = [options](Context& context) { return init(*options, context); }};
}

}  // namespace runagents::cli
