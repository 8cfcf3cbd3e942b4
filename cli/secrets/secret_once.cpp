#include "cli/secrets/secret_once.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <ostream>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/output/print.hpp"
#include "core/config/private_file.hpp"

namespace runagents::cli {

Result<void> SecretOnce::check(const Context& context) const {
  if (file_.empty()) {
    const auto& output = context.output;
    const bool hidden = output.format == output::Format::name ||
                        (!output.fields.empty() && std::ranges::find(output.fields, member_) == output.fields.end());
    if (!hidden) return {};
    return fail(ErrorCode::usage, "the secret is shown one time, and not in this output",
                "add --secret-file FILE, or print " + member_);
  }
  const auto path = context.working_directory / file_;
  const auto folder = path.parent_path();
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return fail(ErrorCode::usage, path.string() + " is a directory");
  if (std::filesystem::is_directory(folder, error) && ::access(folder.c_str(), W_OK) == 0) return {};
  return fail(ErrorCode::usage,
              fmt::format("the secret cannot be written: {} is no directory of yours", folder.string()));
}

Outcome SecretOnce::hand_over(const ObjectKind& kind, nlohmann::ordered_json object, const std::string& headline,
                              const Context& context) const {
  if (!file_.empty()) {
    const auto path = context.working_directory / file_;
    const auto secret = api::text_of(object, member_);
    if (secret.empty()) return fail(ErrorCode::unavailable, "the server did not send the secret");
    if (const auto written = config::replace_private_file(path, secret + "\n"); !written) {
      context.terminal.out << secret << '\n';
      return fail(written.error().code, written.error().message,
                  "the secret stands on standard output; it is shown once");
    }
    object.erase(member_);
    context.terminal.err << fmt::format("the secret is in {}\n", output::printable(path.string()));
  } else if (context.output.format == output::Format::table) {
    context.terminal.err << "the secret is shown this once\n";
  }
  auto printed = print_object(kind, object, headline + members_text(object), context);
  auto& out = context.terminal.out;
  if (!printed || !file_.empty() || out.flush()) return printed;
  return fail(ErrorCode::internal,
              fmt::format("the {} is made, but its secret could not be written and is lost", kind.what),
              "nobody can show it again: get another one, with --secret-file FILE");
}

Flag secret_file_flag(std::string& target, std::string_view what) {
  return {.name = "secret-file",
          .value = "FILE",
          .summary = fmt::format("put the {} into this file (mode 0600)", what),
          .binding = &target,
          .choices = {},
          .default_text = "standard output, once",
          .means = Means::file};
}

}  // namespace runagents::cli
