#include "cli/text_input.hpp"

#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <sstream>

namespace runagents::cli {

Result<std::string> file_input(const std::string& name, const Context& context) {
  std::ostringstream text;
  if (name == "-") {
    text << context.terminal.in.rdbuf();
    return text.str();
  }
  std::ifstream in{context.working_directory / name, std::ios::binary};
  if (!in || !(text << in.rdbuf())) return fail(ErrorCode::usage, fmt::format("cannot read {}", name));
  return text.str();
}

Result<std::string> text_input(const std::string& given, const Context& context) {
  if (given == "-" || given == "@-") return file_input("-", context);
  if (!given.starts_with('@')) return given;
  return file_input(given.substr(1), context);
}

}  // namespace runagents::cli
