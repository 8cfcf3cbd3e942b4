#include "runner/egress/tool_list_filter.hpp"

#include <doctest/doctest.h>
#include <string>
#include <string_view>

#include "tests/unit/runner/egress/sample.hpp"

using namespace runagents;
using egress::Conversation;
using egress::ToolListFilter;
using egress::tests::get;
using Form = ToolListFilter::Form;

namespace {

/// A tool of kind `mcp` of which "merge" is allowed and nothing else.
struct McpSample : egress::tests::Sample {
  McpSample() : Sample{get()} {
    auto project = snapshot->evaluator.project();
    project.tools.front().kind = model::ToolKind::mcp;
    project.policies.front().rules.front().operations = {"merge"};
    snapshot = std::make_shared<egress::Snapshot>(
        egress::Snapshot{policy::Evaluator{project}, "RUN", "bot", "spiffe://local/agent/bot", {}, limiter.get()});
    arrival.tool = snapshot->evaluator.tools().front();
    call.snapshot = snapshot;
    call.tool = arrival.tool;
    call.mcp = std::make_unique<Conversation>();
    call.mcp->lists_tools = true;
  }

  std::optional<Form> form_of(std::string_view type) {
    http::ResponseHead response;
    response.framing = http::Framing::length;
    response.fields = {{"Content-Type", type}};
    return ToolListFilter::form_of(call, response);
  }
};

constexpr std::string_view both = R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"merge"},{"name":"delete"}]}})";
constexpr std::string_view merge = R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"merge"}]}})";

}  // namespace

TEST_CASE("only answers that may have a list of tools are looked into") {
  McpSample sample;
  CHECK(sample.form_of("application/json") == Form::json);
  CHECK(sample.form_of("Text/Event-Stream; charset=utf-8") == Form::events);
  CHECK_FALSE(sample.form_of("text/html").has_value());
  sample.call.mcp->lists_tools = false;
  CHECK_FALSE(sample.form_of("application/json").has_value());
  sample.call.mcp = nullptr;
  CHECK_FALSE(sample.form_of("application/json").has_value());
}

TEST_CASE("a JSON answer is held to its end and shows what policy allows") {
  const McpSample sample;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, both.size()}) {
    ToolListFilter filter{sample.call, Form::json};
    std::string passed;
    for (std::size_t at = 0; at < both.size(); at += size) {
      const bool last = at + size >= both.size();
      const auto piece = filter.pass(both.substr(at, size), last);
      REQUIRE(piece.has_value());
      CHECK(piece->empty() == !last);
      passed += *piece;
    }
    CHECK(passed == merge);
  }
}

TEST_CASE("a stream goes on event by event") {
  const McpSample sample;
  ToolListFilter filter{sample.call, Form::events};
  CHECK(filter.pass(": alive\n\n", false) == ": alive\n\n");
  CHECK(filter.pass("data: " + std::string{both}, false) == "");
  CHECK(filter.pass("\n\n", true) == "data: " + std::string{merge} + "\n\n");
}

TEST_CASE("what is too large, or has no single reading, does not pass") {
  const McpSample sample;
  ToolListFilter large{sample.call, Form::json};
  CHECK(large.pass(std::string(std::size_t{3} << 20U, ' '), false).has_value());
  CHECK_FALSE(large.pass(std::string(std::size_t{3} << 20U, ' '), false).has_value());
  ToolListFilter twice{sample.call, Form::json};
  CHECK_FALSE(twice.pass(R"({"result":{"tools":[]},"result":{"tools":[{"name":"delete"}]}})", true).has_value());
}
