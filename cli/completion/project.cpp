#include "cli/completion/project.hpp"

#include <algorithm>
#include <string_view>

#include "cli/project/project.hpp"
#include "core/config/document.hpp"
#include "core/config/file_content.hpp"

namespace runagents::cli {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{4} << 20U;

const config::Node* member(const config::Node& table, std::string_view key) {
  const auto found = std::ranges::find(table.members, key, &config::Member::key);
  return found == table.members.end() ? nullptr : &found->value;
}

std::string text(const config::Node& table, std::string_view key) {
  const auto* value = member(table, key);
  return value == nullptr ? std::string{} : value->text;
}

/// The table with the objects, and what in each of them describes it.
std::pair<std::string_view, std::string_view> place_of(Means means) {
  switch (means) {
    case Means::tool:
      return {"tools", "base_url"};
    case Means::policy:
      return {"policies", "description"};
    default:
      return {"providers", "type"};
  }
}

}  // namespace

std::vector<Candidate> names_in_project(const NamesWanted& wanted, const Context& context) {
  const auto path = project_file(wanted.config, context);
  if (!path) return {};
  const auto file = config::OpenFile::open(*path);
  if (!file) return {};
  const auto content = file->read(max_file_bytes);
  if (!content) return {};
  const auto document = config::parse_document(*content);
  if (!document) return {};
  if (wanted.means == Means::agent) {
    const auto* agent = member(*document, "agent");
    return agent == nullptr ? std::vector<Candidate>{}
                            : std::vector{Candidate{text(*agent, "name"), "of this project"}};
  }
  const auto [table, description] = place_of(wanted.means);
  const auto* objects = member(*document, table);
  std::vector<Candidate> names;
  if (objects == nullptr) return names;
  for (const auto& one : objects->members) names.push_back({one.key, text(one.value, description)});
  return names;
}

}  // namespace runagents::cli
