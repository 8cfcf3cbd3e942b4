#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/effort.hpp"
#include "tests/unit/server/interleaver.hpp"
#include "tests/unit/server/plane.hpp"
#include "tests/unit/temporary_directory.hpp"

// Approvals when several processes are at them: every order of what they do at the store, with the program's own code.
// tests/model/approval.pml says the same of the idea.

namespace runagents::tests {
namespace {

using Actor = Interleaver::Actor;
using model::ApprovalStatus;
using model::Scope;

/// What became of a call that needs an approval.
struct Call {
  std::size_t passed = 0;  ///< the step at which it was let through; 0: it was not
  bool is_rejected = false;
  bool is_expired = false;
  bool is_waiting = false;  ///< for somebody who decides
  bool has_failed = false;
};

class Scene {
 public:
  Scene() {
    for (std::size_t i = 0; i < planes_.size(); ++i) {
      interleaver.enrol(i, [&] {
        planes_[i].emplace(directory_.path());
        REQUIRE(sqlite3_open((directory_ / "runagents.db").c_str(), &clocks_[i]) == SQLITE_OK);
      });
    }
    REQUIRE(sqlite3_open((directory_ / "runagents.db").c_str(), &outside_) == SQLITE_OK);
    host_.emplace(directory_.path());
  }
  ~Scene() {
    for (auto* one : clocks_) sqlite3_close(one);
    sqlite3_close(outside_);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  /// As if nothing had ever been asked.
  void forget() {
    calls = {};
    decided_at = 0;
    execute(outside_, "DELETE FROM approval_grants; DELETE FROM approval_request_runs; DELETE FROM approval_requests;");
  }
  std::string ask() {
    const auto asked = (*host_)->request_approval(sample_request());
    REQUIRE(asked);
    return asked->id;
  }
  /// Returns the id of the grant.
  std::string grant(Scope scope) {
    REQUIRE((*host_)->approve(ask(), yes(scope)));
    return (*host_)->list_grants(false)->at(0).id;
  }

  // Actors

  /// One use of a grant, as the proxy begins a call.
  Actor use(std::size_t index, std::string run, std::string use_id, bool may_die = false) {
    return {.work = [this, index, run, use_id] { try_use(index, run, use_id); }, .may_die = may_die};
  }
  /// A call that has asked and waits for request `id`, in the proxy's order: is it decided, is there a grant now, and
  /// when that has gone to another call, ask again.
  Actor call(std::size_t index, std::string run, std::string id) {
    return {.work = [this, index, run, id] {
      for (auto asked = std::optional{id}; asked && wait(index, *asked) && !try_use(index, run, "use-" + run);) {
        asked = ask_again(index, run);
      }
    }};
  }
  Actor approver(std::size_t index, bool& succeeded, std::string id, bool may_die = false) {
    return {.work =
                [this, index, &succeeded, id] {
                  interleaver.operation();
                  const auto done = plane(index).approve(id, yes(Scope::once));
                  if (interleaver.answered()) succeeded = done.has_value();
                },
            .may_die = may_die};
  }
  Actor rejecter(std::size_t index, bool& succeeded, std::string id) {
    return {.work = [this, index, &succeeded, id] {
      interleaver.operation();
      succeeded = plane(index).reject(id, "heidi", "no").has_value();
    }};
  }
  /// The runner gives its request up.
  Actor gives_up(std::size_t index, bool& succeeded, std::string id) {
    return {.work = [this, index, &succeeded, id] {
      interleaver.operation();
      const auto left = plane(index).expire(id);
      succeeded = left && left->status == ApprovalStatus::expired;
    }};
  }
  Actor revoker(std::size_t index, bool& succeeded, std::string id) {
    return {.work = [this, index, &succeeded, id] {
      interleaver.operation();
      succeeded = plane(index).revoke_grant(id).has_value();
      decided_at = interleaver.now();
    }};
  }
  /// Time passes: whatever ends, ends now.
  Actor clock(std::size_t index) {
    return {.work = [this, index] {
      execute(clocks_[index],
              "BEGIN IMMEDIATE; UPDATE approval_requests SET expires_at = 1; "
              "UPDATE approval_grants SET expires_at = 1 WHERE expires_at IS NOT NULL; COMMIT;");
      decided_at = interleaver.now();
    }};
  }

  /// Every order; says how many there were.
  void explore(const char* what, const std::function<std::vector<Actor>()>& begin, const std::function<void()>& check) {
    const auto orders = interleaver.explore(
        [&] {
          forget();
          return begin();
        },
        check);
    MESSAGE(std::string{what} << ": " << orders << " orders");
    CHECK(orders > 1);
  }

  [[nodiscard]] std::size_t passed() const {
    return static_cast<std::size_t>(std::ranges::count_if(calls, [](const Call& one) { return one.passed > 0; }));
  }

  Interleaver interleaver;
  std::array<Call, 4> calls;
  std::size_t decided_at = 0;  ///< the step of a revocation, or of the end of time

 private:
  api::ControlPlane& plane(std::size_t index) { return **planes_[index]; }

  /// True: the call is let through, or over.
  bool try_use(std::size_t index, const std::string& run, const std::string& use_id) {
    auto& call = calls[index];
    if (!interleaver.operation()) return true;
    const auto found = plane(index).use_grant(sample_action(), run, use_id);
    if (!interleaver.answered()) return true;
    call.has_failed = !found;
    if (found && *found) call.passed = interleaver.now();
    return call.has_failed || call.passed > 0;
  }

  std::optional<std::string> ask_again(std::size_t index, const std::string& run) {
    interleaver.operation();
    const auto asked = plane(index).request_approval(sample_request(run));
    calls[index].has_failed = !asked;
    return asked ? std::optional{asked->id} : std::nullopt;
  }

  /// True: it is approved.
  bool wait(std::size_t index, const std::string& id) {
    auto& call = calls[index];
    for (;;) {
      interleaver.operation();
      const auto decided = plane(index).decided_approvals(std::array{id}, std::chrono::milliseconds{0});
      call.has_failed = !decided;
      if (!decided) return false;
      if (!decided->empty()) {
        call.is_rejected = decided->front().status == ApprovalStatus::rejected;
        call.is_expired = decided->front().status == ApprovalStatus::expired;
        return !call.is_rejected && !call.is_expired;
      }
      if (interleaver.await_change()) continue;
      call.is_waiting = true;
      return false;
    }
  }

  static void execute(sqlite3* connection, const char* text) {
    sqlite3_busy_timeout(connection, 10000);
    CHECK(sqlite3_exec(connection, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  TemporaryDirectory directory_;
  std::array<std::optional<Plane>, 4> planes_;
  std::optional<Plane> host_;
  std::array<sqlite3*, 4> clocks_{};
  sqlite3* outside_ = nullptr;
};

}  // namespace

// Of PostgreSQL's statements nobody tells before they are done; tests/e2e/test_server_races.py runs against it.
TEST_SUITE("every order" * doctest::skip(uses_postgresql || effort(10) < 10)) {
  TEST_CASE("a grant for one time lets one of three uses pass") {
    Scene scene;
    scene.explore(
        "three uses",
        [&] {
          scene.grant(Scope::once);
          return std::vector{scene.use(0, "RUN1", "a"), scene.use(1, "RUN2", "b"), scene.use(2, "RUN3", "c")};
        },
        [&] { REQUIRE(scene.passed() == 1); });
  }

  TEST_CASE("a grant for one time is used or revoked, never both, never neither") {
    Scene scene;
    bool is_revoked = false;
    scene.explore(
        "two uses and a revocation",
        [&] {
          const auto id = scene.grant(Scope::once);
          return std::vector{scene.use(0, "RUN1", "a"), scene.use(1, "RUN2", "b"), scene.revoker(2, is_revoked, id)};
        },
        [&] { REQUIRE(scene.passed() == (is_revoked ? 0 : 1)); });
  }

  TEST_CASE("of two calls that wait for the same approval one passes, and the other goes on waiting") {
    Scene scene;
    bool is_approved = false;
    scene.explore(
        "two calls and an approver",
        [&] {
          is_approved = false;
          const auto id = scene.ask();
          return std::vector{scene.call(0, "RUN1", id), scene.call(1, "RUN2", id), scene.approver(2, is_approved, id)};
        },
        [&] {
          REQUIRE(is_approved);
          REQUIRE(scene.passed() == 1);
          REQUIRE(scene.calls[0].is_waiting != scene.calls[1].is_waiting);
        });
  }

  TEST_CASE("one of two people decides, and the call does what that one said") {
    Scene scene;
    bool is_approved = false;
    bool is_rejected = false;
    scene.explore(
        "a call, an approval and a rejection",
        [&] {
          const auto id = scene.ask();
          return std::vector{scene.call(0, "RUN1", id), scene.approver(1, is_approved, id),
                             scene.rejecter(2, is_rejected, id)};
        },
        [&] {
          REQUIRE(is_approved != is_rejected);
          REQUIRE((scene.calls[0].passed > 0) == is_approved);
          REQUIRE(scene.calls[0].is_rejected == is_rejected);
        });
  }

  TEST_CASE("a request is approved or given up") {
    Scene scene;
    bool is_approved = false;
    bool is_given_up = false;
    scene.explore(
        "an approval and a runner that leaves",
        [&] {
          const auto id = scene.ask();
          return std::vector{scene.approver(0, is_approved, id), scene.gives_up(1, is_given_up, id),
                             scene.use(2, "RUN1", "a")};
        },
        [&] {
          REQUIRE(is_approved != is_given_up);
          REQUIRE((scene.passed() == 0 || is_approved));
        });
  }

  TEST_CASE("an approved call that waits is not lost when the time for a decision ends, and no other one passes") {
    Scene scene;
    bool is_approved = false;
    scene.explore(
        "a call, an approver and the end of time",
        [&] {
          const auto id = scene.ask();
          return std::vector{scene.call(0, "RUN1", id), scene.approver(1, is_approved, id), scene.clock(2)};
        },
        [&] {
          REQUIRE_FALSE(scene.calls[0].has_failed);
          REQUIRE((scene.calls[0].passed > 0) == is_approved);
          REQUIRE(scene.calls[0].is_expired != is_approved);
        });
  }

  TEST_CASE("a use whose answer was lost is not a second one") {
    Scene scene;
    scene.explore(
        "a use that dies, the same once more, and another one",
        [&] {
          scene.grant(Scope::once);
          return std::vector{scene.use(0, "RUN1", "a", true), scene.use(1, "RUN1", "a"), scene.use(2, "RUN2", "b")};
        },
        [&] {
          const bool first = scene.calls[0].passed > 0 || scene.calls[1].passed > 0;
          REQUIRE(first != (scene.calls[2].passed > 0));
        });
  }

  TEST_CASE("a decision that was made before its server died holds, and one that was not can be made") {
    Scene scene;
    bool is_approved = false;
    bool is_approved_again = false;
    scene.explore(
        "a call, an approval that dies, and another one",
        [&] {
          is_approved = is_approved_again = false;
          const auto id = scene.ask();
          return std::vector{scene.call(0, "RUN1", id), scene.approver(1, is_approved, id, true),
                             scene.approver(2, is_approved_again, id)};
        },
        [&] {
          REQUIRE_FALSE((is_approved && is_approved_again));
          REQUIRE(scene.passed() == 1);
        });
  }

  TEST_CASE("nothing passes by a window that has closed, and everything before") {
    Scene scene;
    scene.explore(
        "two uses of a window and its end",
        [&] {
          scene.grant(Scope::window);
          return std::vector{scene.use(0, "RUN1", "a"), scene.use(1, "RUN2", "b"), scene.clock(2)};
        },
        [&] {
          for (const auto& one : {scene.calls[0], scene.calls[1]}) REQUIRE(one.passed < scene.decided_at);
          REQUIRE((scene.passed() > 0 || scene.decided_at <= 3));
        });
  }

  TEST_CASE("nothing passes by what has been revoked, and no other run by a run's grant") {
    Scene scene;
    bool is_revoked = false;
    scene.explore(
        "uses by two runs and a revocation",
        [&] {
          const auto id = scene.grant(Scope::run);
          return std::vector{scene.use(0, "RUN1", "a"), scene.use(1, "RUN1", "b"), scene.use(2, "RUN2", "c"),
                             scene.revoker(3, is_revoked, id)};
        },
        [&] {
          REQUIRE(is_revoked);
          for (const auto& one : {scene.calls[0], scene.calls[1]}) REQUIRE(one.passed < scene.decided_at);
          REQUIRE(scene.calls[2].passed == 0);
        });
  }
}

}  // namespace runagents::tests
