#include <array>
#include <doctest/doctest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "runner/egress/stages.hpp"
#include "runner/egress/unregistered_hosts.hpp"
#include "tests/unit/core/policy/random_call.hpp"

// What a run that observes notes of a call is what becomes of the same call in a run that does not.

using namespace runagents;
using namespace runagents::egress;

namespace {

/// One call through the forward proxy, up to where a person would be asked.
class Judged {
 public:
  Judged(const model::Project& project, const std::string& text, UnregisteredHosts* hosts)
      : snapshot_{policy::Evaluator{project}, "RUN", "bot", "spiffe://local/agent/bot", {}, nullptr} {
    snapshot_.unregistered = hosts;
    arrival_.door = Door::forward;
    arrival_.peer = Peer{1, "/bin/agent"};
    REQUIRE(http::parse_request_head(text, {}, head_).value_or(0) == text.size());
    call_.reset(arrival_);
    call_.head = &head_;
    constexpr std::array<Stage, 4> stages = {read_target, identify_tool, evaluate_policy, enforce_capability};
    for (const auto stage : stages) {
      const auto verdict = stage(snapshot_, call_);
      if (verdict) continue;
      refused_ = verdict.error().code;
      return;
    }
    if (call_.decision.permission == model::Permission::approval_required) held_ = true;
  }

  /// In a run that does not observe.
  [[nodiscard]] std::optional<model::RefusalCode> outcome() const {
    return held_ ? model::RefusalCode::approval_required : refused_;
  }
  /// In one that does, and lets the call pass.
  [[nodiscard]] std::optional<model::RefusalCode> noted() const { return call_.observed; }
  [[nodiscard]] bool is_refused() const { return refused_.has_value(); }

 private:
  Snapshot snapshot_;
  Arrival arrival_;
  http::RequestHead head_;
  Call call_;
  std::optional<model::RefusalCode> refused_;
  bool held_ = false;
};

}  // namespace

TEST_CASE("what a run that observes notes is what another run does") {
  sample::Dice dice{31};
  std::map<std::optional<model::RefusalCode>, std::size_t> seen;
  const auto projects = tests::effort(300);
  for (std::size_t i = 0; i < projects; ++i) {
    const auto project = sample::random_project(dice);
    for (std::size_t n = 0; n < 20; ++n) {
      const auto origin = std::string{dice.pick(sample::origins)};
      if (!origin.starts_with("http://")) continue;  // what is in TLS comes through another door
      const auto authority = origin.substr(origin.find("//") + 2);
      const auto text = std::string{dice.pick(sample::methods)} + " " + origin + sample::random_path(dice) +
                        " HTTP/1.1\r\nHost: " + authority + "\r\n\r\n";
      const Judged usual{project, text, nullptr};
      UnregisteredHosts hosts;
      const Judged observed{project, text, &hosts};
      CAPTURE(text);
      REQUIRE_FALSE(observed.is_refused());
      REQUIRE(observed.noted() == usual.outcome());
      ++seen[usual.outcome()];
    }
  }
  // Passing, being held, and each way of being refused.
  CHECK(seen.size() >= 4);
}
