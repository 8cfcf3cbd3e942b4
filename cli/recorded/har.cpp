#include "cli/recorded/har.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <ostream>

#include "core/auth/percent.hpp"

namespace runagents::cli {
namespace {

using json = nlohmann::ordered_json;

/// The spellings of "not known" that the format has.
constexpr int unknown_size = -1;
constexpr const char* unknown_version = "unknown";
constexpr const char* unknown_type = "application/octet-stream";
/// Of a request that could not be read; the format wants a URL.
constexpr const char* no_url = "about:blank";

/// What the entry says elsewhere, what proves the journal, and what is of the machine and not of the call.
constexpr std::array<std::string_view, 17> said_elsewhere = {
    "ts",   "run_id",       "agent",    "method",    "url",         "status", "bytes_in", "bytes_out",    "prev_hash",
    "hash", "request_body", "us_queue", "us_decide", "us_upstream", "pid",    "exe",      "response_body"};

bool is_said_elsewhere(std::string_view name) {
  return std::ranges::find(said_elsewhere, name) != said_elsewhere.end();
}

double milliseconds(std::chrono::microseconds length) { return static_cast<double>(length.count()) / 1000.0; }

json own_members(const RecordedEvent& event) {
  json own = json::object();
  for (const auto& [name, value] : event.members.items()) {
    if (!is_said_elsewhere(name)) own[name] = value;
  }
  return own;
}

/// Values of a query are masked in the record already.
json query_of(std::string_view url) {
  json pairs = json::array();
  const auto mark = url.find('?');
  auto rest = mark == std::string_view::npos ? std::string_view{} : url.substr(mark + 1);
  while (!rest.empty()) {
    const auto pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    if (pair.empty()) continue;
    const auto equal = pair.find('=');
    const auto value = equal == std::string_view::npos ? std::string_view{} : pair.substr(equal + 1);
    pairs.push_back({{"name", auth::percent_decoded(pair.substr(0, equal))}, {"value", auth::percent_decoded(value)}});
  }
  return pairs;
}

json request_of(const RecordedEvent& event) {
  const auto url = event.text("url");
  json request = {{"method", event.text("method")}, {"url", url.empty() ? no_url : url},
                  {"httpVersion", unknown_version}, {"cookies", json::array()},
                  {"headers", json::array()},       {"queryString", query_of(url)},
                  {"headersSize", unknown_size},    {"bodySize", event.count("bytes_in")}};
  const auto body = event.text("request_body");
  if (!body.empty()) request["postData"] = {{"mimeType", "application/json"}, {"text", body}};
  return request;
}

int status_of(const RecordedEvent& event) {
  return static_cast<int>(std::min<std::uint64_t>(event.count("status"), 999));
}

json response_of(const RecordedEvent& event) {
  json content = {{"size", event.count("bytes_out")}, {"mimeType", unknown_type}};
  const auto body = event.text("response_body");
  if (!body.empty()) content["text"] = body;
  return {{"status", status_of(event)},
          {"statusText", ""},
          {"httpVersion", unknown_version},
          {"cookies", json::array()},
          {"headers", json::array()},
          {"content", std::move(content)},
          {"redirectURL", ""},
          {"headersSize", unknown_size},
          {"bodySize", event.count("bytes_out")}};
}

json timings_of(const RecordedEvent& event) {
  return {{"blocked", milliseconds(event.deciding + event.waited)},
          {"dns", -1},
          {"connect", -1},
          {"ssl", -1},
          {"send", 0},
          {"wait", milliseconds(event.upstream)},
          {"receive", 0},
          {"_decided", milliseconds(event.deciding)},
          {"_waited", milliseconds(event.waited)}};
}

std::string comment_of(const RecordedEvent& event) {
  auto comment = event.text("decision");
  const auto rule = event.rule();
  if (!rule.empty()) comment += fmt::format(" by {}", rule);
  const auto code = event.text("code");
  return code.empty() ? comment : fmt::format("{}: {}", comment, code);
}

json entry_of(const RecordedEvent& event, const model::Run& run) {
  return {{"pageref", run.id},
          {"startedDateTime", to_iso8601(event.start)},
          {"time", milliseconds(event.took())},
          {"request", request_of(event)},
          {"response", response_of(event)},
          {"cache", json::object()},
          {"timings", timings_of(event)},
          {"comment", comment_of(event)},
          {"_runagents", own_members(event)}};
}

json page_of(const model::Run& run) {
  return {{"startedDateTime", model::to_iso8601(run.created_at)},
          {"id", run.id},
          {"title", fmt::format("run {} of {}", run.id, run.agent)},
          {"pageTimings", json::object()}};
}

json run_events(const model::Run& run, std::span<const RecordedEvent> events) {
  json own = {{"run_id", run.id},         {"agent", run.agent},         {"status", word(run.status)},
              {"end_user", run.end_user}, {"isolation", run.isolation}, {"events", json::array()}};
  if (run.exit_code) own["exit_code"] = *run.exit_code;
  for (const auto& event : events) {
    if (event.is_call) continue;
    auto one = own_members(event);
    one["ts"] = event.text("ts");
    own["events"].push_back(std::move(one));
  }
  return own;
}

/// Whatever the text is, it is ASCII afterwards: a terminal shows it as it is.
std::string written(const json& value) { return value.dump(-1, ' ', true, json::error_handler_t::replace); }

}  // namespace

void write_har(std::ostream& out, const model::Run& run, std::span<const RecordedEvent> events) {
  const json creator = {{"name", "runagents"}, {"version", RUNAGENTS_VERSION}};
  out << "{\"log\":{\"version\":\"1.2\",\"creator\":" << written(creator) << ",\"pages\":[" << written(page_of(run))
      << "],\"entries\":[";
  std::string_view separator = "\n";
  for (const auto& event : events) {
    if (!event.is_call) continue;
    out << separator << written(entry_of(event, run));
    separator = ",\n";
  }
  out << "\n],\"_runagents\":" << written(run_events(run, events)) << "}}\n";
}

}  // namespace runagents::cli
