#include "cli/objects/object_kind.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/approvals/approvals.hpp"
#include "cli/nearest.hpp"
#include "cli/output/print.hpp"
#include "cli/output/yaml.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using output::Colour;

std::string text_in(const Json& value) {
  if (value.is_null()) return {};
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.empty() ? std::string{} : api::dump(value);
  std::string text;
  for (const auto& item : value) {
    const auto name = api::text_of(item, "name");  // [{"name": "stripe"}]
    text += (text.empty() ? "" : " ") + (name.empty() ? text_in(item) : name);
  }
  return text;
}

const Json* member_of(const Json& object, const std::string& name) {
  if (name.starts_with('/')) {
    const Json::json_pointer inside{name};
    return object.contains(inside) ? &object[inside] : nullptr;
  }
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string time_text(const std::string& text, model::Time now) {
  const auto time = model::from_iso8601(text);
  return time ? output::relative(*time, now) : text;
}

output::Cell cell_of(const MemberColumn& column, const Json& object, model::Time now) {
  const auto* value = member_of(object, column.member);
  if (value == nullptr) return {};
  const bool on = value->is_boolean() && value->get<bool>();
  switch (column.shown) {
    case Shown::id:
      return {text_in(*value).substr(0, 8)};
    case Shown::time:
      return {time_text(text_in(*value), now)};
    case Shown::activity:
      return {on ? "active" : "inactive", on ? Colour::green : Colour::red};
    case Shown::yes:
      return {on ? "yes" : ""};
    case Shown::text:
      break;
  }
  return {text_in(*value)};
}

/// Every text by which an object can be meant.
std::vector<std::string> words_of(const ObjectKind& kind, const Json& object) {
  std::vector<std::string> words;
  for (const auto& name : kind.names) {
    if (auto text = api::text_of(object, name); !text.empty()) words.push_back(std::move(text));
  }
  return words;
}

std::unexpected<Error> ambiguous(const ObjectKind& kind, const std::string& word,
                                 const std::vector<const Json*>& found) {
  std::string candidates;
  for (const auto* one : found) {
    candidates += (candidates.empty() ? "" : ", ") + name_of(kind, *one) + " (" + api::text_of(*one, "id") + ")";
  }
  return fail(ErrorCode::conflict, fmt::format("\"{}\" could be {}", word, candidates));
}

std::string text_of_object(const Json& object) {
  const auto* spec = member_of(object, "spec");
  if (spec == nullptr || !spec->is_object()) return members_text(object);
  auto shown = object;
  shown.erase("spec");
  return members_text(shown) + "spec\n" + output::printable_lines(output::to_yaml(*spec), "  ");
}

}  // namespace

Result<bool> means_control_plane(const std::string& config, Context& context) {
  if (!config.empty()) return false;
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  return !(*connection)->is_local();
}

Result<api::Client> open_client(Context& context) {
  const auto transport = context.transport();
  if (!transport) return std::unexpected(transport.error());
  return api::Client{**transport};
}

Result<api::Client> client_for_changes(Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if ((*connection)->is_local()) {
    if (const auto allowed = refuse_agents(context); !allowed) return std::unexpected(allowed.error());
  }
  return open_client(context);
}

Result<void> check_is_kept(const ObjectKind& kind, Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if (!kind.is_configured || !(*connection)->is_local()) return {};
  return fail(ErrorCode::usage,
              fmt::format("the local context keeps no {}s: runagents.toml configures them", kind.what),
              "edit that file, or name a server: --context NAME");
}

std::string name_of(const ObjectKind& kind, const Json& object) {
  const auto words = words_of(kind, object);
  return words.empty() ? api::text_of(object, "id") : words.front();
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (is_dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

Result<Json> find_in_list(const ObjectKind& kind, const std::string& word, api::Client& client) {
  const auto all = client.list(api::Target{kind.path});
  if (!all) return std::unexpected(all.error());
  std::vector<const Json*> named;
  std::vector<const Json*> begun;
  std::vector<std::string> known;
  for (const auto& one : *all) {
    const auto id = api::text_of(one, "id");
    const auto words = words_of(kind, one);
    if (id == word || std::ranges::find(words, word) != words.end()) named.push_back(&one);
    if (word.size() >= 4 && id.starts_with(word)) begun.push_back(&one);
    known.insert(known.end(), words.begin(), words.end());
  }
  const auto& found = named.empty() ? begun : named;
  if (found.size() == 1) return *found.front();
  if (found.size() > 1) return ambiguous(kind, word, found);
  return fail(ErrorCode::not_found, fmt::format("no {} \"{}\"", kind.what, word), did_you_mean(word, known));
}

Result<Json> find_object(const ObjectKind& kind, const std::string& word, api::Client& client) {
  auto direct = client.get(api::Target{kind.path}.segment(word));
  if (direct || direct.error().code != ErrorCode::not_found) return direct;
  auto found = find_in_list(kind, word, client);
  // A server without the list has answered already.
  if (!found && found.error().reason == "not_offered") return direct;
  return found;
}

Result<std::string> id_of(const ObjectKind& kind, const std::string& word, api::Client& client) {
  if (is_uuid(word)) return word;
  const auto object = find_object(kind, word, client);
  if (!object) return std::unexpected(object.error());
  auto id = api::text_of(*object, "id");
  if (id.empty()) return fail(ErrorCode::unavailable, fmt::format("the {} \"{}\" has no id", kind.what, word));
  return id;
}

Outcome print_objects(const ObjectKind& kind, const std::vector<Json>& objects, const Context& context) {
  output::Listing listing{.columns = {}, .rows = {}, .when_empty = kind.when_empty};
  for (const auto& column : kind.columns) listing.columns.push_back({.title = column.title, .shrinks = column.shrinks});
  for (const auto& object : objects) {
    output::Row row{.cells = {}, .name = name_of(kind, object), .json = api::dump(object)};
    for (const auto& column : kind.columns) row.cells.push_back(cell_of(column, object, context.now()));
    listing.rows.push_back(std::move(row));
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

Outcome print_object(const ObjectKind& kind, const Json& object, std::string text, const Context& context) {
  if (text.empty()) text = text_of_object(object);
  const output::Card card{.text = std::move(text), .name = name_of(kind, object), .json = api::dump(object)};
  const auto printed = output::print(card, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

std::string members_text(const Json& object) {
  std::vector<std::pair<std::string, std::string>> lines;
  if (object.is_object()) {
    for (const auto& [name, value] : object.items()) {
      lines.emplace_back(output::printable(name),
                         value.is_boolean() ? (value.get<bool>() ? "yes" : "no") : text_in(value));
    }
  }
  return output::labelled(lines);
}

void say_dry_run(const Context& context) { context.terminal.err << "nothing is changed (--dry-run)\n"; }

}  // namespace runagents::cli
