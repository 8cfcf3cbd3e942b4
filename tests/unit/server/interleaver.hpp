#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <sqlite3.h>
#include <string>
#include <ucontext.h>
#include <vector>

namespace runagents::tests {

/// Runs actors in every order in which their steps can follow each other. A step is what an actor does at the store up
/// to its next transaction, or to its next operation: it begins with BEGIN, or with the first look of an operation that
/// needs none. The program is not changed for that: SQLite tells of each statement before it is done
/// (sqlite3_trace_v2), and there the actor gives its turn away. An actor that may die does so before any of its steps,
/// and what it had not committed is undone.
///
/// Actors have connections of their own, opened while they are `enrol`led. They are coroutines of one thread, which
/// sanitizers do not follow. Orders that differ only in which of two looks was first are one order. One Interleaver at
/// a time.
class Interleaver {
 public:
  struct Actor {
    std::function<void()> work;  ///< calls `operation` before each operation at the store; must not throw
    bool may_die = false;
  };
  static constexpr std::size_t max_actors = 4;

  Interleaver();
  ~Interleaver();
  Interleaver(const Interleaver&) = delete;
  Interleaver& operator=(const Interleaver&) = delete;

  /// Whatever opens connections for this actor.
  void enrol(std::size_t actor, const std::function<void()>& opening);

  /// Calls `begin`, then the actors in one order, then `check`, for every order. Returns how many there were.
  std::size_t explore(const std::function<std::vector<Actor>()>& begin, const std::function<void()>& check);

  // For actors, while they work:

  /// The next statement begins an operation. False: the actor has died, and must do nothing more.
  bool operation();
  /// The answer to the last operation has arrived. False: the actor has died before.
  bool answered();
  /// Waits until somebody else has changed something since this actor's last step. False: nobody will.
  bool await_change();
  /// How many steps there were so far.
  [[nodiscard]] std::size_t now() const noexcept { return steps_; }

 private:
  enum class Point { none, look, change, waiting, over };
  struct State {
    Actor actor;
    Point at = Point::over;  ///< what it would do next
    bool is_dead = false;
    bool begins = false;    ///< the next statement begins an operation
    bool is_alone = false;  ///< nobody will change anything any more
    std::size_t seen = 0;   ///< changes, when it last went on
    ucontext_t context{};
    std::unique_ptr<std::vector<char>> stack;
    std::vector<sqlite3*> connections;
  };
  struct Choice {
    std::size_t actor = 0;
    bool dies = false;
  };
  struct Branching {
    std::vector<Choice> choices;
    std::size_t taken = 0;
  };

  void start(std::size_t index, Actor actor);
  void run_once(const std::vector<Actor>& actors);
  [[nodiscard]] std::vector<Choice> choices() const;
  void take(const Choice& choice);
  void finish();
  void resume(std::size_t index);
  void stop_at(Point point);
  void statement(sqlite3* connection, const std::string& text);
  bool advance();

  static void enter();
  static int on_connection(sqlite3* connection, char** error, const void* api);
  static int on_statement(unsigned kind, void* connection, void* statement, void* text);
  static int authorize(void* self, int action, const char* first, const char*, const char*, const char*);

  std::vector<State> states_;
  ucontext_t scheduler_{};
  std::vector<Branching> path_;
  std::size_t steps_ = 0;
  std::size_t changes_ = 0;
  std::size_t last_ = 0;       ///< who went last
  bool last_looked_ = false;   ///< and only looked
  bool is_redundant_ = false;  ///< the order at hand is another one once more
};

}  // namespace runagents::tests
