#include "cli/objects/object_commands.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <memory>

#include <nlohmann/json.hpp>

#include "cli/confirm.hpp"
#include "cli/output/print.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

struct ListOptions {
  std::vector<std::string> values;
  std::unique_ptr<bool[]> switches;
  std::uint32_t limit = 0;
};

struct ActOptions {
  std::vector<std::string> names;
  bool yes = false;
  bool dry_run = false;
};

Outcome list(const ObjectKind& kind, const std::vector<ListFilter>& filters, const ListOptions& options,
             Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  api::Target target{kind.path};
  for (std::size_t i = 0; i < filters.size(); ++i) {
    target.parameter(filters[i].parameter, options.switches[i] ? "true" : options.values[i]);
  }
  const auto objects = client->list(target, options.limit);
  if (!objects) return std::unexpected(objects.error());
  return print_objects(kind, *objects, context);
}

/// All of them, before anything is done: a wrong name in a list changes nothing.
Result<std::vector<Json>> find_all(const ObjectKind& kind, LooksUp looks, const std::vector<std::string>& names,
                                   api::Client& client) {
  std::vector<Json> objects;
  for (const auto& name : names) {
    if (looks == LooksUp::never && !is_uuid(name)) {
      return fail(ErrorCode::usage, fmt::format("\"{}\" is no id of a {}", output::printable(name), kind.what));
    }
    auto object = looks == LooksUp::never     ? Result<Json>{Json{{"id", name}}}
                  : looks == LooksUp::in_list ? find_in_list(kind, name, client)
                                              : find_object(kind, name, client);
    if (!object) return std::unexpected(std::move(object.error()));
    objects.push_back(std::move(*object));
  }
  return objects;
}

Result<Json> act(const ObjectKind& kind, const ObjectAction& action, const Json& object, api::Client& client) {
  const auto id = api::text_of(object, "id");
  auto target = api::Target{kind.path}.segment(id.empty() ? name_of(kind, object) : id);
  Result<Json> answer;
  if (!action.route.empty()) {
    answer = client.post(target.segment(action.route), Json::object());
  } else if (action.is_active) {
    answer = client.patch(target, {{"is_active", *action.is_active}});
  } else {
    answer = client.remove(target);
  }
  if (answer && !answer->is_object()) return object;
  return answer;
}

Outcome act_on_all(const ObjectKind& kind, const ObjectAction& action, const ActOptions& options, Context& context) {
  if (const auto kept = check_is_kept(kind, context); !kept) return std::unexpected(kept.error());
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto objects = find_all(kind, action.looks, options.names, *client);
  if (!objects) return std::unexpected(objects.error());
  if (options.dry_run) say_dry_run(context);
  for (const auto& object : *objects) {
    const auto name = output::printable(name_of(kind, object));
    if (action.asks && !options.dry_run) {
      const auto question = fmt::format("{} the {} {}{}?", action.verb, kind.what, name, action.question_end);
      if (auto leave = confirm(question, options.yes, context.terminal); !leave) return std::unexpected(leave.error());
    }
    const auto changed = options.dry_run ? Result<Json>{object} : act(kind, action, object, *client);
    if (!changed) return std::unexpected(changed.error());
    auto text = fmt::format("{}{} {}\n", options.dry_run ? "would be " : "", action.done, name);
    if (const auto printed = print_object(kind, *changed, std::move(text), context); !printed) return printed;
  }
  return 0;
}

}  // namespace

Flag yes_flag(bool& target) {
  auto flag = switch_flag("yes", "do not ask", target);
  flag.letter = 'y';
  return flag;
}

Flag dry_run_flag(bool& target) { return switch_flag("dry-run", "show what would change", target); }

Outcome list_objects(const ObjectKind& kind, Context& context) { return list(kind, {}, {}, context); }

Outcome get_object(const ObjectKind& kind, const std::string& name, Context& context, LooksUp looks) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto object = looks == LooksUp::in_list ? find_in_list(kind, name, *client) : find_object(kind, name, *client);
  if (!object) return std::unexpected(object.error());
  return print_object(kind, *object, {}, context);
}

Outcome change_object(const ObjectKind& kind, const std::string& name, const ObjectChange& change, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  auto object = find_object(kind, name, *client);
  if (!object) return std::unexpected(object.error());
  const auto printable = output::printable(name_of(kind, *object));
  if (change.dry_run) {
    say_dry_run(context);
    object->update(change.shown.is_null() ? change.body : change.shown);
    return print_object(kind, *object, fmt::format("would be changed: {}\n", printable), context);
  }
  const auto changed = client->patch(api::Target{kind.path}.segment(api::text_of(*object, "id")), change.body);
  if (!changed) return std::unexpected(changed.error());
  return print_object(kind, *changed, fmt::format("changed {}\n", printable), context);
}

Command list_objects_command(const ObjectKind& kind, std::string summary, std::vector<ListFilter> filters,
                             std::vector<Example> examples) {
  auto options = std::make_shared<ListOptions>();
  options->values.resize(filters.size());
  options->switches = std::make_unique<bool[]>(filters.size());
  std::vector<Flag> flags;
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (filters[i].value.empty()) {
      flags.push_back(switch_flag(filters[i].flag, filters[i].summary, options->switches[i]));
    } else {
      flags.push_back({.name = filters[i].flag,
                       .value = filters[i].value,
                       .summary = filters[i].summary,
                       .binding = &options->values[i],
                       .means = filters[i].means});
    }
  }
  flags.push_back({.name = "limit",
                   .value = "N",
                   .summary = "at most so many",
                   .binding = &options->limit,
                   .choices = {},
                   .default_text = "all"});
  return {.name = "list",
          .summary = std::move(summary),
          .examples = std::move(examples),
          .flags = std::move(flags),
          .prints_objects = true,
          .run = [kind, filters = std::move(filters), options](Context& context) {
            return list(kind, filters, *options, context);
          }};
}

Command get_object_command(const ObjectKind& kind, std::string summary, std::vector<Example> examples, LooksUp looks) {
  auto name = std::make_shared<std::string>();
  return {.name = "get",
          .summary = std::move(summary),
          .examples = std::move(examples),
          .arguments = {{.name = "NAME", .summary = "its name or id", .binding = name.get(), .means = kind.means}},
          .prints_objects = true,
          .run = [kind, name, looks](Context& context) { return get_object(kind, *name, context, looks); }};
}

Command act_on_objects_command(const ObjectKind& kind, ObjectAction action, std::vector<Example> examples) {
  auto options = std::make_shared<ActOptions>();
  Command command{
      .name = action.verb,
      .summary = action.summary,
      .description = action.description,
      .examples = std::move(examples),
      .arguments = {{.name = "NAME", .summary = "their names or ids", .binding = &options->names, .means = kind.means}},
      .flags = {dry_run_flag(options->dry_run)},
      .prints_objects = true};
  if (action.asks) command.flags.insert(command.flags.begin(), yes_flag(options->yes));
  command.run = [kind, action = std::move(action), options](Context& context) {
    return act_on_all(kind, action, *options, context);
  };
  return command;
}

}  // namespace runagents::cli
