#include "runner/gateway/refusal_body.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "runner/egress/snapshot.hpp"

namespace runagents::gateway {
namespace {

using nlohmann::json;

json told(llm::Api api, const egress::Refusal& refusal) {
  egress::Call call;
  call.request_id = "01JREQ";
  call.inference = std::make_unique<Inference>(api);
  call.snapshot = std::make_shared<egress::Snapshot>(
      egress::Snapshot{policy::Evaluator{model::Project{}}, "01JRUN", "billing-agent", "spiffe://local/agent/a", ""});
  return json::parse(refusal_body(refusal, call));
}

egress::Refusal limited() {
  auto refusal = egress::refuse(model::RefusalCode::rate_limited, "too many", "wait").error();
  refusal.retry_after_s = 3;
  return refusal;
}

TEST_CASE("OpenAI's SDKs find a refusal where they look for errors, with all that other refusals say") {
  const auto body = told(llm::Api::openai_chat, limited());
  const auto& error = body.at("error");
  CHECK(error.at("message") == "too many");
  CHECK(error.at("code") == "RATE_LIMITED");
  CHECK(error.at("hint") == "wait");
  CHECK(error.at("stage") == "limits");
  CHECK(error.at("run_id") == "01JRUN");
  CHECK(error.at("agent") == "billing-agent");
  CHECK(body.at("code") == "RATE_LIMITED");
  CHECK(body.at("request_id") == "01JREQ");
}

TEST_CASE("so do Anthropic's") {
  const auto body = told(llm::Api::anthropic_messages, limited());
  CHECK(body.at("type") == "error");
  CHECK(body.at("error").at("type") == "rate_limit_error");
  CHECK(body.at("error").at("code") == "RATE_LIMITED");
  CHECK(body.at("request_id") == "01JREQ");
}

TEST_CASE("a field that is wrong is named in the API's own words, and the code of the runner stands outside") {
  auto refusal = egress::refuse(model::RefusalCode::not_supported, "no such thing").error();
  refusal.problem = {.code = "unsupported_parameter", .field = "logprobs"};
  const auto body = told(llm::Api::openai_chat, refusal);
  CHECK(body.at("error").at("param") == "logprobs");
  CHECK(body.at("error").at("code") == "unsupported_parameter");
  CHECK(body.at("code") == "NOT_SUPPORTED");
}

}  // namespace
}  // namespace runagents::gateway
