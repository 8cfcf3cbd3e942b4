#include <nlohmann/json.hpp>

#include "cli/objects/kinds.hpp"
#include "cli/output/print.hpp"
#include "cli/tools/tools.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;
using output::Colour;

struct Tried {
  std::string name;  ///< a URL that is no tool's stands for itself
  std::string url;
};

Result<std::vector<Tried>> tried_of(const std::vector<std::string>& words, api::Client& client) {
  std::vector<Tried> tried;
  const auto add = [&tried](const Json& tool) {
    tried.push_back({text_of(tool, "name"), tool.value(Json::json_pointer{"/spec/connection/baseUrl"}, std::string{})});
  };
  if (words.empty()) {
    const auto all = client.list(Target{tool_kind().path});
    if (!all) return std::unexpected(all.error());
    for (const auto& tool : *all) add(tool);
    return tried;
  }
  for (const auto& word : words) {
    if (word.contains("://")) {
      tried.push_back({word, word});
      continue;
    }
    const auto tool = find_object(tool_kind(), word, client);
    if (!tool) return std::unexpected(tool.error());
    add(*tool);
  }
  return tried;
}

output::Row row_of(const Tried& tried, const Json& answer) {
  const bool reachable = api::is_set(answer, "reachable");
  const auto status = answer.value("status_code", Json{});
  Json object = {{"name", tried.name}, {"base_url", tried.url}, {"reachable", reachable}, {"status", status}};
  object["latency_ms"] = answer.value("latency_ms", Json{});
  const auto detail = status.is_number() ? "answers with " + status.dump() : std::string{};
  return {.cells = {{tried.name},
                    {reachable ? "reachable" : "unreachable", reachable ? Colour::green : Colour::red},
                    {tried.url},
                    {detail}},
          .name = tried.name,
          .json = api::dump(object)};
}

}  // namespace

Outcome probe_from_server(const ToolsProbe& options, Context& context) {
  auto client = open_client(context);
  if (!client) return std::unexpected(client.error());
  const auto tried = tried_of(options.names, *client);
  if (!tried) return std::unexpected(tried.error());
  output::Listing listing{
      .columns = {{"TOOL"}, {"STATE"}, {.title = "BASE URL", .shrinks = true}, {.title = "DETAIL", .shrinks = true}},
      .rows = {},
      .when_empty = tool_kind().when_empty};
  bool all = true;
  for (const auto& one : *tried) {
    const auto answer = one.name == one.url
                            ? client->post(Target{"/tools/probe"}, {{"url", one.url}})
                            : client->post(Target{tool_kind().path}.segment(one.name).segment("test"), Json::object());
    if (!answer) return std::unexpected(answer.error());
    all = all && api::is_set(*answer, "reachable");
    listing.rows.push_back(row_of(one, *answer));
  }
  const auto printed = output::print(listing, context.output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return all ? 0 : exit_code(ErrorCode::unavailable);
}

}  // namespace runagents::cli
