#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/llm/answer.hpp"
#include "core/llm/translate.hpp"

// The cases in tests/corpus/llm; its README.md describes their form.

namespace runagents::llm::corpus {

using Json = nlohmann::ordered_json;

struct Case {
  std::string file;
  std::string name;
  Json json;
};

/// The cases of all files whose names begin with `prefix`, in order.
std::vector<Case> cases(const std::string& prefix);

/// Empty when they match, or where they do not and what is there. Objects have the same members in any order; where the
/// expected one has a member "...", the other may have more.
std::string difference(const Json& expected, const Json& actual);

/// The request and the provider that a case names.
Request request_of(const Case& one);
Upstream upstream_of(const Case& one);

/// The bytes that a case has the provider answer with, and the head before them.
std::string provider_bytes(const Case& one);
AnswerHead head_of(const Case& one);

/// A text/event-stream as a list of {"event", "data"}; data is JSON where it can be.
Json events_of(const std::string& stream);

struct Outcome {
  std::string out;
  int status = 0;
  bool is_whole = false;
  Usage usage;
  std::optional<Problem> problem;
};

/// Feeds an answer in pieces that end at these places.
Outcome translate(const AnswerPlan& plan, const AnswerHead& head, const std::string& bytes,
                  const std::vector<std::size_t>& ends, bool is_cut = false);

}  // namespace runagents::llm::corpus
