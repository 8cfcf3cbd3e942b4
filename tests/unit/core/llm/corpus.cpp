#include "corpus.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/llm/event_frame.hpp"
#include "core/mcp/event_stream.hpp"

namespace runagents::llm::corpus {
namespace {

Json read_file(const std::filesystem::path& path) {
  std::ifstream in{path};
  std::ostringstream text;
  text << in.rdbuf();
  return Json::parse(text.str());
}

Api api(const Json& json, const char* name) {
  const auto found = api_of(json.at(name).get<std::string>());
  REQUIRE(found.has_value());
  return *found;
}

std::string differs(const std::string& path, const Json& expected, const Json& actual) {
  return (path.empty() ? "it" : path) + " should be\n" + expected.dump(1) + "\nand is\n" + actual.dump(1);
}

std::string compare(const std::string& path, const Json& expected, const Json& actual) {
  if (expected.is_array() && actual.is_array() && expected.size() == actual.size()) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (auto found = compare(path + '[' + std::to_string(i) + ']', expected[i], actual[i]); !found.empty()) {
        return found;
      }
    }
    return {};
  }
  if (!expected.is_object() || !actual.is_object()) return expected == actual ? "" : differs(path, expected, actual);
  for (const auto& [name, value] : expected.items()) {
    if (name == "...") continue;
    const auto found = actual.find(name);
    if (found == actual.end()) return path + '.' + name + " is missing in\n" + actual.dump(1);
    if (auto where = compare(path + '.' + name, value, *found); !where.empty()) return where;
  }
  if (expected.contains("...")) return {};
  for (const auto& [name, value] : actual.items()) {
    if (!expected.contains(name)) return path + '.' + name + " is there as well: " + value.dump();
  }
  return {};
}

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

}  // namespace

std::vector<Case> cases(const std::string& prefix) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator{RUNAGENTS_SOURCE_DIR "/tests/corpus/llm"}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(".json")) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  std::vector<Case> found;
  for (const auto& file : files) {
    for (auto& one : read_file(file)) {
      auto name = one.at("name").get<std::string>();
      found.push_back({.file = file.filename().string(), .name = std::move(name), .json = std::move(one)});
    }
  }
  return found;
}

std::string difference(const Json& expected, const Json& actual) { return compare({}, expected, actual); }

Request request_of(const Case& one) {
  const auto caller = api(one.json, "caller");
  Json simple = {{"model", "m"}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}};
  if (caller == Api::openai_responses) simple = {{"model", "m"}, {"input", "hi"}};
  if (caller == Api::openai_embeddings) simple = {{"model", "m"}, {"input", "hi"}};
  if (caller == Api::anthropic_messages) simple["max_tokens"] = 100;
  auto json = one.json.value("request", simple);
  if (one.json.contains("events") || one.json.contains("frames") || one.json.contains("lines") ||
      one.json.contains("stream")) {
    json["stream"] = true;
  }
  auto request = read_request(caller, one.json.value("request_text", json.dump()));
  REQUIRE_MESSAGE(request.has_value(), one.name, ": ", request.error().message);
  return *std::move(request);
}

Upstream upstream_of(const Case& one) {
  return {.api = api(one.json, "provider"),
          .model = one.json.value("model", "model-1"),
          .is_compatible = one.json.value("compatible", false)};
}

std::string provider_bytes(const Case& one) {
  const auto& json = one.json;
  if (json.contains("stream")) return json["stream"].get<std::string>();
  if (json.contains("answer")) return text_of(json["answer"]);
  std::string bytes;
  for (const auto& line : json.value("lines", Json::array())) bytes += text_of(line) + '\n';
  for (const auto& event : json.value("events", Json::array())) {
    const bool is_named = event.is_object() && event.contains("type") && json["provider"] != "openai_chat";
    if (is_named) bytes += "event: " + event["type"].get<std::string>() + '\n';
    bytes += "data: " + text_of(event) + "\n\n";
  }
  for (const auto& frame : json.value("frames", Json::array())) {
    const auto& [type, payload] = *frame.items().begin();
    const bool is_exception = type.ends_with("Exception");
    bytes += write_frame({.message_type = is_exception ? "exception" : "event",
                          .event_type = type,
                          .error_code = {},
                          .error_message = {},
                          .payload = payload.dump()});
  }
  return bytes;
}

AnswerHead head_of(const Case& one) {
  const auto& json = one.json;
  std::string type = "text/event-stream";
  if (json.contains("answer")) type = "application/json";
  if (json.contains("lines")) type = "application/x-ndjson";
  if (json.contains("frames")) type = "application/vnd.amazon.eventstream";
  return {.status = json.value("status", 200),
          .content_type = json.value("content_type", type),
          .created = 1700000000,
          .id = "abc"};
}

Json events_of(const std::string& stream) {
  mcp::EventStreamReader reader{1U << 24U};
  std::vector<mcp::ServerEvent> events;
  CHECK(reader.feed(stream, events));
  CHECK(reader.rest().empty());
  auto list = Json::array();
  for (const auto& event : events) {
    auto data = Json::parse(event.data, nullptr, false);
    Json one = Json::object();
    if (!event.type.empty()) one["event"] = event.type;
    one["data"] = data.is_discarded() ? Json(event.data) : std::move(data);
    list.push_back(std::move(one));
  }
  return list;
}

Outcome translate(const AnswerPlan& plan, const AnswerHead& head, const std::string& bytes,
                  const std::vector<std::size_t>& ends, bool is_cut) {
  AnswerTranslator answer{plan, head};
  Outcome outcome;
  std::size_t from = 0;
  for (const auto end : ends) {
    answer.feed(std::string_view{bytes}.substr(from, end - from), outcome.out);
    from = end;
  }
  answer.feed(std::string_view{bytes}.substr(from), outcome.out);
  if (is_cut) {
    answer.fail({.status = 504, .message = "cut", .code = "upstream_timeout", .field = {}}, outcome.out);
  } else {
    answer.finish(outcome.out);
  }
  CHECK(answer.is_done());
  outcome.status = answer.status();
  outcome.is_whole = answer.is_whole();
  outcome.usage = answer.usage();
  if (const auto* problem = answer.problem()) outcome.problem = *problem;
  return outcome;
}

}  // namespace runagents::llm::corpus
