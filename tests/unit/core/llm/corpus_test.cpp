#include "corpus.hpp"

#include <algorithm>
#include <doctest/doctest.h>

using namespace runagents::llm;
using namespace runagents::llm::corpus;

namespace {

Json json_of(const Problem& problem) {
  Json json = {{"status", problem.status}};
  if (!problem.field.empty()) json["field"] = problem.field;
  if (!problem.code.empty()) json["code"] = problem.code;
  json["message"] = problem.message;
  return json;
}

Json json_of(const Usage& usage) {
  if (!usage.is_known) return nullptr;
  Json json = {{"input", usage.input_tokens}, {"output", usage.output_tokens}};
  if (usage.cached_input_tokens != 0) json["cached"] = usage.cached_input_tokens;
  if (usage.cache_write_tokens != 0) json["written"] = usage.cache_write_tokens;
  if (usage.reasoning_tokens != 0) json["reasoning"] = usage.reasoning_tokens;
  return json;
}

/// The plan with which the answer of a case is translated.
AnswerPlan plan_of(const Case& one) {
  const auto request = request_of(one);
  const auto translated = translate_request(request, upstream_of(one));
  REQUIRE_MESSAGE(translated.has_value(), one.name, ": ", translated.error().message);
  return translated->plan;
}

void check_outcome(const Case& one, const Outcome& outcome) {
  const auto& json = one.json;
  if (json.contains("body")) CHECK(difference(json["body"], Json::parse(outcome.out)) == "");
  if (json.contains("out")) CHECK(difference(json["out"], events_of(outcome.out)) == "");
  if (json.contains("out_text")) CHECK(outcome.out == json["out_text"].get<std::string>());
  CHECK(outcome.problem.has_value() == json.contains("problem"));
  if (outcome.problem) CHECK(difference(json.value("problem", Json()), json_of(*outcome.problem)) == "");
  if (json.contains("usage")) CHECK(difference(json["usage"], json_of(outcome.usage)) == "");
  CHECK(outcome.status == json.value("answered_status", json.value("status", 200)));
}

}  // namespace

TEST_CASE("requests are translated as the corpus says") {
  const auto all = cases("requests");
  REQUIRE(all.size() > 50);
  for (const auto& one : all) {
    CAPTURE(one.file);
    CAPTURE(one.name);
    const auto translated = translate_request(request_of(one), upstream_of(one));
    if (one.json.contains("problem")) {
      CHECK_FALSE(translated.has_value());
      if (!translated) CHECK(difference(one.json["problem"], json_of(translated.error())) == "");
      continue;
    }
    CHECK_MESSAGE(translated.has_value(), (translated ? "" : translated.error().message));
    if (!translated) continue;
    if (one.json.contains("body")) CHECK(difference(one.json["body"], Json::parse(translated->body)) == "");
    if (one.json.contains("body_text")) CHECK(translated->body == one.json["body_text"].get<std::string>());
    CHECK(difference(one.json.value("left_out", Json::array()), Json(translated->left_out)) == "");
  }
}

TEST_CASE("answers are translated as the corpus says") {
  const auto all = cases("answers");
  REQUIRE(all.size() > 30);
  for (const auto& one : all) {
    CAPTURE(one.file);
    CAPTURE(one.name);
    check_outcome(one, translate(plan_of(one), head_of(one), provider_bytes(one), {}, one.json.value("cut", false)));
  }
}

TEST_CASE("answers do not depend on how their bytes are cut") {
  for (const auto& one : cases("answers")) {
    CAPTURE(one.file);
    CAPTURE(one.name);
    const auto plan = plan_of(one);
    const auto head = head_of(one);
    const auto bytes = provider_bytes(one);
    const bool is_cut = one.json.value("cut", false);
    const auto whole = translate(plan, head, bytes, {}, is_cut);
    std::vector<std::size_t> each;
    for (std::size_t at = 1; at < bytes.size(); ++at) {
      const auto outcome = translate(plan, head, bytes, {at}, is_cut);
      REQUIRE(outcome.out == whole.out);
      REQUIRE(outcome.usage == whole.usage);
      each.push_back(at);
    }
    const auto outcome = translate(plan, head, bytes, each, is_cut);
    CHECK(outcome.out == whole.out);
    CHECK(outcome.usage == whole.usage);
  }
}

TEST_CASE("a stream that ends before its end says so, wherever it is cut off") {
  std::size_t streams = 0;
  for (const auto& one : cases("answers")) {
    const auto plan = plan_of(one);
    if (!plan.stream || one.json.contains("problem") || one.json.contains("answer")) continue;
    CAPTURE(one.file);
    CAPTURE(one.name);
    ++streams;
    const auto head = head_of(one);
    const auto bytes = provider_bytes(one);
    const auto whole = translate(plan, head, bytes, {}).out;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto outcome = translate(plan, head, bytes.substr(0, size), {});
      // What came after the model had stopped may lack: usage, the last mark.
      if (!outcome.problem) continue;
      REQUIRE(outcome.problem->status == 502);
      const auto events = events_of(outcome.out);
      const auto& last = events.back()["data"];
      REQUIRE(last.contains("error"));
      // Before it, nothing but what the whole stream has.
      const auto error = outcome.out.rfind("\n\n", outcome.out.size() - 3);
      if (plan.caller != Api::openai_responses && error != std::string::npos) {
        REQUIRE(whole.starts_with(outcome.out.substr(0, error)));
      }
    }
    CHECK(translate(plan, head, {}, {}).problem.has_value());
  }
  CHECK(streams > 15);
}
