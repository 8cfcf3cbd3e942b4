#include "core/config/project_file.hpp"

#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/config/file_content.hpp"
#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_name = "runagents.toml";
constexpr std::size_t max_file_bytes = std::size_t{4} * 1024 * 1024;

fs::path absolute_path(const fs::path& file) {
  std::error_code error;
  auto result = fs::absolute(file, error).lexically_normal();
  return error ? file : result;
}

std::unexpected<std::vector<Finding>> one_finding(const fs::path& file, Position position, std::string_view message) {
  Reading reading{file};
  reading.report(position, {}, message);
  return std::unexpected(std::move(reading).findings());
}

/// What stays unsaid in a project file, once all of it is known.
void fill_in(model::Project& project) {
  if (project.agent.tools.empty()) {
    for (const auto& tool : project.tools) project.agent.tools.push_back(tool.name);
  }
  for (auto& policy : project.policies) {
    if (policy.subjects.empty()) policy.subjects.push_back("agent:" + project.agent.name);
  }
}

std::expected<model::Project, std::vector<Finding>> read_document(const Node& document, const fs::path& file) {
  Reading reading{file};
  model::Project project;
  project.file = file;
  project.directory = file.parent_path();
  read_root(Value{reading, document, {}, {1, 1}}, project);
  reading.run_checks(project);
  auto findings = std::move(reading).findings();
  if (!findings.empty()) return std::unexpected(std::move(findings));
  fill_in(project);
  return project;
}

/// A file that is found rather than named decides what runs, so it has to come from somebody who is trusted.
Result<void> check_owner(const fs::path& file) {
  const auto opened = OpenFile::open(file);
  if (!opened) return std::unexpected(opened.error());
  const auto& status = opened->status();
  const auto refuse = [&](const std::string& reason) {
    return fail(ErrorCode::configuration, file.string() + " " + reason + " and is not used unasked",
                "look at it, and name it with --config " + file.string() + " to use it");
  };
  if (status.st_uid != ::geteuid() && status.st_uid != 0) return refuse("belongs to another user");
  if ((status.st_mode & S_IWOTH) != 0) return refuse("can be written by everybody");
  return {};
}

}  // namespace

std::string Finding::to_string() const {
  std::string result = file;
  if (line > 0) result += ":" + std::to_string(line) + ":" + std::to_string(column);
  if (!file.empty()) result += ": ";
  if (!key.empty()) result += key + ": ";
  result += message;
  if (!suggestion.empty()) result += " (" + suggestion + ")";
  return result;
}

std::expected<model::Project, std::vector<Finding>> read_project(const fs::path& file) {
  const auto path = absolute_path(file);
  const auto opened = OpenFile::open(path);
  if (!opened) return one_finding(path, {}, opened.error().message);
  const auto text = opened->read(max_file_bytes);
  if (!text) return one_finding(path, {}, text.error().message);
  return parse_project(*text, path);
}

std::expected<model::Project, std::vector<Finding>> parse_project(std::string_view text, const fs::path& file) {
  const auto path = absolute_path(file);
  if (text.size() > max_file_bytes) {
    return one_finding(path, {}, "is larger than " + std::to_string(max_file_bytes) + " bytes");
  }
  const auto document = parse_document(text);
  if (!document) return one_finding(path, document.error().position, document.error().message);
  return read_document(*document, path);
}

Result<fs::path> find_project_file(const fs::path& start) {
  for (auto directory = absolute_path(start);; directory = directory.parent_path()) {
    auto candidate = directory / file_name;
    std::error_code error;
    if (fs::exists(candidate, error)) {
      if (auto checked = check_owner(candidate); !checked) return std::unexpected(std::move(checked.error()));
      return candidate;
    }
    if (directory == directory.parent_path()) break;
  }
  return fail(ErrorCode::not_found, "there is no runagents.toml in " + absolute_path(start).string() + " or above",
              "create one with \"runagents init\", or name one with --config");
}

std::vector<std::string> known_keys() {
  Names names;
  list_root_keys({}, names);
  return names;
}

Error to_error(const std::vector<Finding>& findings) {
  std::string message;
  for (const auto& finding : findings) {
    if (!message.empty()) message += '\n';
    message += finding.to_string();
  }
  return {ErrorCode::configuration, std::move(message), {}};
}

}  // namespace runagents::config
