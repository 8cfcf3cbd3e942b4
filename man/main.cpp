#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include "man/pages.hpp"

namespace {

using namespace runagents;

struct Places {
  std::filesystem::path pages;  ///< those with parts to be filled in, *.in
  std::filesystem::path schema;
  std::filesystem::path output;
};

Result<std::string> read(const std::filesystem::path& path) {
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return fail(ErrorCode::not_found, fmt::format("{} cannot be read", path.string()));
  return text;
}

class Writer {
 public:
  Writer(Places places, std::string date) : places_{std::move(places)}, date_{std::move(date)} {}

  Result<void> write(const std::string& page, man::Parts parts, const std::string& file) const {
    const auto source = read(places_.pages / (page + ".in"));
    if (!source) return std::unexpected(source.error());
    parts["DATE"] = date_;
    const auto text = man::fill(*source, parts);
    if (!text) return std::unexpected(text.error());
    std::ofstream out{places_.output / file, std::ios::binary | std::ios::trunc};
    out << *text;
    out.close();
    if (!out) return fail(ErrorCode::unavailable, fmt::format("{} cannot be written", file));
    return {};
  }

  Result<void> write_all() const {
    const auto schema = read(places_.schema);
    if (!schema) return std::unexpected(schema.error());
    auto configuration = man::parts_of_configuration(*schema);
    if (!configuration) return std::unexpected(configuration.error());
    auto written = write("runagents.toml.5", std::move(*configuration), "runagents.toml.5");
    const auto root = cli::command_tree();
    if (written) written = write("runagents.1", man::parts_of_program(root), "runagents.1");
    for (const auto& command : root.commands) {
      if (!written || command.hidden) continue;
      written = write("runagents-COMMAND.1", man::parts_of_command(root, command),
                      fmt::format("runagents-{}.1", command.name));
    }
    return written;
  }

 private:
  Places places_;
  std::string date_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: runagents_manual PAGES SCHEMA OUTPUT DATE\n";
    return 2;
  }
  const auto written = Writer{{.pages = argv[1], .schema = argv[2], .output = argv[3]}, argv[4]}.write_all();
  if (written) return 0;
  std::cerr << "runagents_manual: " << written.error().message << '\n';
  return 1;
}
