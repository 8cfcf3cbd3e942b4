#include <array>

#include "core/config/file_content.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::Agent;

/// Linux refuses a single environment string of 128 KiB (MAX_ARG_STRLEN), and SYSTEM_PROMPT has to fit with its name.
constexpr std::size_t max_prompt_bytes = std::size_t{120} * 1024;

void read_agent_name(const Value& value, Agent& agent) {
  agent.name = value.text();
  if (!is_name(value.text())) {
    value.report(R"(is not a name: lower-case letters, digits, "-", "_" and ".", at most 63)");
  }
}

void read_command(const Value& value, Agent& agent) {
  agent.command = value.texts();
  if (agent.command.front().empty()) value.report("names no program");
}

void read_prompt(const Value& value, Agent& agent) {
  agent.system_prompt = value.text();
  if (value.text().size() > max_prompt_bytes) {
    value.report("is longer than " + std::to_string(max_prompt_bytes) + " bytes");
  }
}

void read_prompt_file(const Value& value, Agent& agent) {
  const auto file = OpenFile::open(value.reading().directory() / value.text());
  if (!file) return value.report(file.error().message);
  auto content = file->read(max_prompt_bytes);
  if (!content) return value.report(content.error().message);
  if (content->contains('\0')) return value.report("leads to a file that holds a NUL character");
  agent.system_prompt = *std::move(content);
}

void read_tools(const Value& value, Agent& agent) {
  agent.tools = value.texts();
  value.reading().later([value](const model::Project& project) {
    const auto declared = names_of(project.tools);
    for (const auto& item : value.items()) check_reference(item, "tool", declared);
  });
}

void read_environment(const Value& value, Agent& agent) {
  for (const auto& member : value.members()) {
    if (member.check(Shape::prose)) agent.environment[std::string{member.name()}] = member.text();
    if (!is_variable_name(member.name())) member.report_at_key("is not the name of an environment variable");
  }
}

constexpr std::array keys = {
    Key<Agent>{"name", Shape::text, read_agent_name, true},
    Key<Agent>{"command", Shape::arguments, read_command},
    Key<Agent>{"system_prompt", Shape::prose, read_prompt},
    Key<Agent>{"system_prompt_file", Shape::text, read_prompt_file},
    Key<Agent>{"tools", Shape::words, read_tools},
    Key<Agent>{"account", Shape::text, [](const Value& v, Agent& agent) { agent.account = v.text(); }},
    Key<Agent>{"env", Shape::named_texts, read_environment},
    Key<Agent>{"limits", Shape::table, [](const Value& v, Agent& agent) { read_model_limits(v, agent.limits); }, false,
               list_model_limits_keys},
};

}  // namespace

void read_agent(const Value& table, Agent& agent) {
  read_table(table, keys, agent);
  const auto file = table.member("system_prompt_file");
  if (file && table.member("system_prompt")) file->report_at_key(R"(excludes "system_prompt")");
}

void list_agent_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
