#include <algorithm>
#include <doctest/doctest.h>

#include "cli/approvals/view.hpp"

using namespace runagents;
using namespace runagents::cli;
using namespace std::chrono_literals;
using live::Key;
using live::Press;
using model::ApprovalRequest;
using model::ApprovalStatus;
using Mode = ApprovalsView::Mode;

namespace {

struct Watched {
  ApprovalsView view{{.place = "this machine", .approver = "ada"}};
  live::Moment at{1000h};
  model::Time now{500000h};
  std::vector<ApprovalRequest> requests;

  ApprovalRequest& ask(std::string id, std::string url = "https://api.example.com/v1/refunds") {
    ApprovalRequest request;
    request.id = std::move(id);
    request.run_id = "01JABCDEFGHJKMNPQRSTVWXYZ0";
    request.action = {.agent = "billing-agent",
                      .tool = "stripe",
                      .capability = {},
                      .method = "POST",
                      .url = std::move(url),
                      .end_user = "ada@example.com",
                      .body_sha256 = std::string(64, 'a')};
    request.created_at = request.updated_at = now + std::chrono::seconds{requests.size()};
    request.expires_at = now + 10min;
    return requests.emplace_back(std::move(request));
  }

  /// What the control plane has, as a poll brings it.
  void poll() { view.take({.requests = requests}, at); }
  /// A while later.
  void look() { at += 1s; }

  void press(std::string_view keys) {
    for (const char c : keys) view.press({Press::text, std::string{c}}, at);
  }
  void press(Press key) { view.press({key}, at); }

  std::string screen(live::Size size = {24, 80}) { return output::text_of(view.frame(size, now).lines, false); }
  std::vector<Verdict> verdicts() { return view.take_verdicts(); }
};

struct Three : Watched {
  Three() {
    ask("aaaaaaaa-1");
    ask("bbbbbbbb-2", "https://api.example.com/v1/payouts");
    ask("cccccccc-3", "https://api.example.com/v1/charges");
    poll();
    look();
  }
};

}  // namespace

TEST_CASE("the oldest request is first, and the cursor moves as far as there are any") {
  Three watched;
  CHECK(watched.view.selected() == "aaaaaaaa-1");
  watched.press("jj");
  CHECK(watched.view.selected() == "cccccccc-3");
  watched.press("j");
  CHECK(watched.view.selected() == "cccccccc-3");
  watched.press(Press::up);
  CHECK(watched.view.selected() == "bbbbbbbb-2");
  watched.press("gG");
  CHECK(watched.view.selected() == "cccccccc-3");
}

TEST_CASE("an approval takes two keys, and is of the request that was shown") {
  Three watched;
  watched.press("ja");
  CHECK(watched.view.mode() == Mode::choose);
  CHECK(watched.verdicts().empty());
  CHECK(watched.screen().contains("Approve bbbbbbbb?"));
  CHECK(watched.screen().contains("POST https://api.example.com/v1/payouts"));
  watched.look();
  watched.press("2");
  const auto verdicts = watched.verdicts();
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0].id == "bbbbbbbb-2");
  CHECK(verdicts[0].scope == model::Scope::run);
}

TEST_CASE("keys that were typed ahead approve nothing") {
  Three watched;
  watched.press("a123");
  CHECK(watched.verdicts().empty());
  CHECK(watched.view.mode() == Mode::choose);
  CHECK(watched.view.message().contains("too fast"));
}

TEST_CASE("keys that were typed before anything was there approve nothing") {
  Watched watched;
  watched.poll();
  watched.press("a1");
  watched.ask("aaaaaaaa-1");
  watched.poll();
  watched.press("a1");
  CHECK(watched.view.mode() == Mode::list);
  CHECK(watched.verdicts().empty());
}

TEST_CASE("no other key, and nothing that is pasted, approves") {
  Three watched;
  watched.press("a");
  watched.look();
  for (char c = ' '; c < 127; ++c) {
    if (c == '1' || c == '2' || c == '3' || c == 'q' || c == 'n') continue;
    watched.press(std::string_view{&c, 1});
  }
  for (const auto press : {Press::enter, Press::backspace, Press::right}) watched.press(press);
  watched.view.press({Press::paste, "1"}, watched.at);
  CHECK(watched.verdicts().empty());
  CHECK(watched.view.mode() == Mode::choose);
  watched.press(Press::escape);
  watched.view.press({Press::paste, "a1"}, watched.at);
  CHECK(watched.verdicts().empty());
}

TEST_CASE("what comes in or is decided elsewhere puts no other request under the cursor") {
  Three watched;
  watched.press("j");
  watched.requests[0].status = ApprovalStatus::approved;
  watched.requests[1].status = ApprovalStatus::expired;
  watched.ask("dddddddd-4");
  watched.poll();
  CHECK(watched.view.selected() == "bbbbbbbb-2");
  CHECK(watched.screen().contains(">  bbbbbbbb  expired"));
  CHECK_FALSE(watched.screen().contains("aaaaaaaa"));
  watched.look();
  watched.press("a");
  CHECK(watched.view.mode() == Mode::list);
  CHECK(watched.view.message().contains("EXPIRED already"));
  watched.press("j");
  CHECK(watched.view.selected() == "cccccccc-3");
  CHECK_FALSE(watched.screen().contains("bbbbbbbb"));
}

TEST_CASE("a request that is decided elsewhere while a person chooses is not decided again") {
  Three watched;
  watched.press("a");
  watched.look();
  watched.requests[0].status = ApprovalStatus::rejected;
  watched.poll();
  CHECK(watched.screen().contains("aaaaaaaa was decided meanwhile: REJECTED"));
  watched.press("1");
  CHECK(watched.verdicts().empty());
  CHECK(watched.view.message().contains("nothing was sent"));
}

TEST_CASE("a rejection carries its reason") {
  Three watched;
  watched.press("r");
  watched.look();
  watched.press("not q 1a");
  CHECK(watched.screen().contains("> not q 1a"));
  watched.press(Press::enter);
  const auto verdicts = watched.verdicts();
  REQUIRE(verdicts.size() == 1);
  CHECK_FALSE(verdicts[0].scope.has_value());
  CHECK(verdicts[0].reason == "not q 1a");
}

TEST_CASE("one decision at a time is under way for a request, and leaving waits for its answer") {
  Three watched;
  watched.press("a");
  watched.look();
  watched.press("1");
  CHECK(watched.verdicts().size() == 1);
  watched.look();
  watched.press("a");
  CHECK(watched.view.message().contains("on its way"));
  watched.press("q");
  CHECK_FALSE(watched.view.is_over());
  auto approved = watched.requests[0];
  approved.status = ApprovalStatus::approved;
  approved.scope = model::Scope::once;
  watched.view.decided("aaaaaaaa-1", approved);
  CHECK(watched.view.is_over());
}

TEST_CASE("a decision that failed says why, also to who wanted to leave") {
  Three watched;
  watched.press("a");
  watched.look();
  watched.press("1q");
  watched.view.decided("aaaaaaaa-1", fail(ErrorCode::forbidden, "you are not an approver", "ask somebody of finance"));
  CHECK(watched.screen().contains("you are not an approver (ask somebody of finance)"));
  CHECK_FALSE(watched.view.is_over());
}

TEST_CASE("who must not decide is told so before anything is asked") {
  Three watched;
  ApprovalsView view{{.place = "x", .may_not_decide = Error{ErrorCode::forbidden, "this is inside a run"}}};
  view.take({.requests = watched.requests}, watched.at - 1s);
  view.press({Press::text, "a"}, watched.at);
  CHECK(view.mode() == Mode::list);
  CHECK(view.message() == "this is inside a run");
}

TEST_CASE("decided requests can be shown, and keep away from those that wait") {
  Three watched;
  watched.requests[1].status = ApprovalStatus::rejected;
  watched.poll();
  CHECK_FALSE(watched.screen().contains("bbbbbbbb"));
  watched.press("d");
  const auto text = watched.screen();
  CHECK(text.contains("bbbbbbbb  rejected"));
  CHECK(text.find("cccccccc") < text.find("bbbbbbbb"));
  watched.press("G");
  CHECK(watched.view.selected() == "bbbbbbbb-2");
  watched.press("d");
  CHECK(watched.view.selected() == "aaaaaaaa-1");
}

TEST_CASE("a filter leaves what contains its text") {
  Three watched;
  watched.press("/PAY");
  CHECK(watched.screen().contains("bbbbbbbb"));
  CHECK_FALSE(watched.screen().contains("aaaaaaaa"));
  CHECK(watched.view.selected() == "bbbbbbbb-2");
  watched.press(Press::enter);
  CHECK(watched.view.mode() == Mode::list);
  watched.press(Press::escape);
  CHECK(watched.screen().contains("aaaaaaaa"));
}

TEST_CASE("a lost connection is told, and so is its return") {
  Three watched;
  watched.view.trouble({ErrorCode::unavailable, "https://x does not answer"});
  CHECK(watched.screen().contains("trying again: https://x does not answer"));
  CHECK(watched.screen().contains("aaaaaaaa"));
  watched.poll();
  CHECK(watched.screen().contains("the connection is back"));
}

TEST_CASE("nothing that an agent wrote steers the terminal, at any size") {
  Watched watched;
  auto& hostile = watched.ask("aaaaaaaa-1", "https://x/\x1b[2J\u202e" + std::string(3000, 'y'));
  hostile.action.end_user = "eve\x1b]0;t\x07";
  hostile.action.agent = "a\nb";
  hostile.action.tool = "日本語日本語日本語";
  hostile.body_bytes = 9;
  hostile.body_preview = "\x1b[31m\r\n" + std::string(3000, '[');
  watched.poll();
  watched.look();
  for (const std::string_view keys : {"", "\r", "a", "q", "r"}) {
    if (keys == "\r") {
      watched.press(Press::enter);
    } else {
      watched.press(keys);
    }
    for (const live::Size size : {live::Size{1, 1}, {2, 7}, {10, 40}, {24, 80}, {60, 250}}) {
      for (const auto& line : watched.view.frame(size, watched.now).lines) {
        const auto shown = output::text_of(output::shortened(line, size.columns), false);
        CHECK_FALSE(shown.contains('\x1b'));
        CHECK_FALSE(shown.contains('\n'));
        CHECK_FALSE(shown.contains("\u202e"));
        CHECK(output::columns(shown) <= size.columns);
      }
    }
  }
}

TEST_CASE("details can be scrolled to their end and no further") {
  Watched watched;
  auto& request = watched.ask("aaaaaaaa-1");
  request.body_bytes = 300;
  for (int i = 0; i < 100; ++i) request.body_preview += "line " + std::to_string(i) + "\n";
  watched.poll();
  watched.press(Press::enter);
  CHECK(watched.screen().contains("line 0"));
  watched.press("G");
  CHECK(watched.screen().contains("SHA-256"));
  watched.press("k");
  CHECK_FALSE(watched.screen().contains("SHA-256"));
}
