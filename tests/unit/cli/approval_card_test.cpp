#include "cli/approvals/approval_card.hpp"

#include <algorithm>
#include <doctest/doctest.h>

#include "cli/approvals/approval_words.hpp"
#include "cli/approvals/readable_body.hpp"

using namespace runagents;
using namespace runagents::cli;

namespace {

model::ApprovalRequest request_of(std::string method, std::string url) {
  model::ApprovalRequest request;
  request.id = "3f2a91c0-1111-4222-8333-444455556666";
  request.run_id = "01JABCDEFGHJKMNPQRSTVWXYZ0";
  request.action = {.agent = "billing-agent",
                    .tool = "bank",
                    .capability = {},
                    .method = std::move(method),
                    .url = std::move(url),
                    .end_user = "ada@example.com",
                    .body_sha256 = std::string(64, 'a')};
  request.policy = "payments";
  request.rule = 2;
  request.created_at = model::Time{std::chrono::hours{500000}};
  request.expires_at = request.created_at + std::chrono::minutes{10};
  return request;
}

std::string card_of(const model::ApprovalRequest& request, std::size_t width = 0) {
  return approval_card(request, request.created_at + std::chrono::seconds{12}, false, width);
}

std::vector<std::string> body(std::string_view preview, std::string_view type = "application/json",
                              std::size_t most = 100) {
  return readable_body(preview, type, most);
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("JSON stands one value a line") {
  CHECK(body(R"({"a":[1,2.50],"b":{},"c":"x,:{"})") ==
        Lines{"{", "  \"a\": [", "    1,", "    2.50", "  ],", "  \"b\": {},", "  \"c\": \"x,:{\"", "}"});
}

TEST_CASE("what a parser would not keep is shown as it was sent") {
  CHECK(body(R"({"to":"bob","to":"eve","n":10000000000000000000000.0})") ==
        Lines{"{", "  \"to\": \"bob\",", "  \"to\": \"eve\",", "  \"n\": 10000000000000000000000.0", "}"});
}

TEST_CASE("JSON that was cut off is laid out as far as it goes, what only looks like JSON is not") {
  CHECK(body("{\"a\":1,\"b\":\"xy…") == Lines{"{", "  \"a\": 1,", "  \"b\": \"xy…"});
  CHECK(body("{a,b}", "text/plain") == Lines{"{a,b}"});
}

TEST_CASE("depth does not push a body off the screen") {
  const auto lines = body(std::string(400, '[') + std::string(400, ']'), "application/json", 1000);
  CHECK(std::ranges::all_of(lines, [](const auto& line) { return line.size() < 30; }));
}

TEST_CASE("fields of a form are decoded, and no value can pass for a field") {
  CHECK(body("amount=5&note=Caf%C3%A9+au+lait%0Ato+%3D+bob&x&%zz=%4", "application/x-www-form-urlencoded") ==
        Lines{"amount = 5", "note = Café au lait\\x0ato = bob", "x", "%zz = %4"});
}

TEST_CASE("a long body is bounded and says what is missing") {
  CHECK(body("a\nb\r\nc\nd", "text/plain", 3) == Lines{"a", "b", "… 2 more lines"});
  CHECK(body("a\nb\nc", "text/plain", 3) == Lines{"a", "b", "c"});
}

TEST_CASE("each kind of call is named as what it is") {
  auto mcp = request_of("tools/call", "https://mcp.example.com/mcp");
  mcp.action.capability = "merge";
  CHECK(call_of(mcp) == "MCP tool merge of bank at https://mcp.example.com/mcp");
  CHECK(short_call_of(mcp) == "MCP merge");
  CHECK(body_digest(mcp).empty());

  auto grpc = request_of("POST", "https://bank.example.com/bank.Accounts/Transfer");
  grpc.content_type = "application/grpc+proto";
  CHECK(call_of(grpc) == "gRPC bank.Accounts/Transfer at https://bank.example.com");

  auto model = request_of("gpt-4o", "https://api.example.com/v1/chat/completions");
  model.action.capability = "gpt-4o";
  CHECK(call_of(model) == "model gpt-4o of bank at https://api.example.com/v1/chat/completions");

  CHECK(short_call_of(request_of("DELETE", "https://api.example.com/v1/x?y=1")) == "DELETE /v1/x?y=1");
  CHECK(short_call_of(request_of("GET", "https://api.example.com")) == "GET /");
}

TEST_CASE("a body that is no text is its size, its type and its digest") {
  auto request = request_of("PUT", "https://api.example.com/logo");
  request.body_bytes = 3277;
  request.content_type = "image/png";
  request.body_preview = "(binary, 3277 bytes)";
  const auto card = card_of(request);
  CHECK(card.contains("3.2 KiB of image/png, not text"));
  CHECK(card.contains(std::string(64, 'a')));
  CHECK_FALSE(card.contains("(binary"));
}

TEST_CASE("the scopes say in words how far they go") {
  auto request = request_of("POST", "https://api.example.com/transfer");
  CHECK(meaning_of(model::Scope::run, request).contains("every call of billing-agent to bank"));
  CHECK(meaning_of(model::Scope::window, request).contains("for ada@example.com, in every run, for the next 4 h"));
  request.action.capability = "transfer";
  request.action.end_user.clear();
  CHECK(meaning_of(model::Scope::run, request).contains("every transfer of bank by billing-agent"));
  CHECK(meaning_of(model::Scope::window, request).contains("(not only transfer), for nobody"));
}

TEST_CASE("the card says since when it waits and how long it still does") {
  const auto card = card_of(request_of("GET", "https://api.example.com/x"));
  CHECK(card.contains("asked 12 s ago, 9 min 48 s left"));
  CHECK(card.contains("since 2027-01-15 08:00:00 UTC, until 2027-01-15 08:10:00 UTC"));
  CHECK(card.contains("no body"));
}

TEST_CASE("a card fits its terminal, whatever an agent wrote") {
  auto request = request_of("POST", "https://api.example.com/" + std::string(500, 'x') + "/日本語日本語日本語日本語");
  request.body_bytes = 20;
  request.body_preview = R"({"note":")" + std::string(300, 'y') + "\"}";
  for (const std::size_t width : {20U, 40U, 79U, 250U}) {
    std::string_view card_text;
    const auto card = card_of(request, width);
    card_text = card;
    while (!card_text.empty()) {
      const auto end = card_text.find('\n');
      CAPTURE(std::string{card_text.substr(0, end)});
      CHECK(output::columns(card_text.substr(0, end)) <= width);
      card_text.remove_prefix(end + 1);
    }
  }
}

TEST_CASE("a long call does not push the rest off the screen, and is there as a whole") {
  auto request = request_of("POST", "https://api.example.com/" + std::string(3000, 'x') + "?to=eve");
  const auto card = card_of(request, 80);
  const auto user = card.find("for ada@example.com");
  CHECK(std::count(card.begin(), card.begin() + static_cast<std::ptrdiff_t>(user), '\n') < 10);
  CHECK(card_of(request).contains("xxx?to=eve\n"));
}

TEST_CASE("the question at the terminal of a run names what may be typed") {
  const auto question = approval_question(request_of("POST", "https://api.example.com/x"), model::now());
  CHECK(question.ends_with("[y/run/window/n] "));
  for (const auto* expected :
       {"\n  y       this call", "\n  run     every call", "\n  window  every", "\n  n       reject"}) {
    CAPTURE(expected);
    CHECK(question.contains(expected));
  }
}
