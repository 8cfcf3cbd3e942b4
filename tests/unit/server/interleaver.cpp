#include "tests/unit/server/interleaver.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace runagents::tests {
namespace {

constexpr std::size_t nobody = static_cast<std::size_t>(-1);
constexpr std::size_t stack_bytes = std::size_t{512} * 1024;

// SQLite's hooks and makecontext know no object.
Interleaver* current = nullptr;
std::size_t me = nobody;
bool is_exploring = false;

}  // namespace

Interleaver::Interleaver() : states_(max_actors) {
  current = this;
  sqlite3_auto_extension(reinterpret_cast<void (*)()>(&on_connection));
}

Interleaver::~Interleaver() {
  sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&on_connection));
  current = nullptr;
}

void Interleaver::enrol(std::size_t actor, const std::function<void()>& opening) {
  me = actor;
  opening();
  me = nobody;
}

int Interleaver::on_connection(sqlite3* connection, char** /*error*/, const void* /*api*/) {
  if (me == nobody) return SQLITE_OK;
  current->states_.at(me).connections.push_back(connection);
  return sqlite3_trace_v2(connection, SQLITE_TRACE_STMT, &on_statement, connection);
}

int Interleaver::on_statement(unsigned /*kind*/, void* connection, void* /*statement*/, void* text) {
  if (is_exploring && me != nobody) {
    current->statement(static_cast<sqlite3*>(connection), static_cast<const char*>(text));
  }
  return 0;
}

void Interleaver::statement(sqlite3* connection, const std::string& text) {
  auto& state = states_[me];
  if (state.is_dead || sqlite3_get_autocommit(connection) == 0) return;
  const bool changes = text.starts_with("BEGIN");
  if (!changes && !(state.begins && text.starts_with("SELECT"))) return;
  state.begins = false;
  stop_at(changes ? Point::change : Point::look);
  if (state.is_dead) sqlite3_set_authorizer(connection, &authorize, nullptr);
}

/// A dead process says nothing more; what it had begun is given up.
int Interleaver::authorize(void* /*self*/, int action, const char* first, const char*, const char*, const char*) {
  return action == SQLITE_TRANSACTION && std::string_view{first} == "ROLLBACK" ? SQLITE_OK : SQLITE_DENY;
}

void Interleaver::stop_at(Point point) {
  auto& state = states_[me];
  state.at = point;
  swapcontext(&state.context, &scheduler_);
}

bool Interleaver::operation() {
  states_[me].begins = true;
  return !states_[me].is_dead;
}

bool Interleaver::answered() {
  auto& state = states_[me];
  if (state.actor.may_die && !state.is_dead) stop_at(Point::look);
  return !state.is_dead;
}

bool Interleaver::await_change() {
  auto& state = states_[me];
  if (state.is_dead) return false;
  stop_at(Point::waiting);
  return !state.is_dead && !state.is_alone;
}

void Interleaver::enter() {
  auto& state = current->states_[me];
  state.actor.work();
  current->stop_at(Point::over);
}

void Interleaver::start(std::size_t index, Actor actor) {
  auto& state = states_[index];
  for (auto* connection : state.connections) sqlite3_set_authorizer(connection, nullptr, nullptr);
  if (!state.stack) state.stack = std::make_unique<std::vector<char>>(stack_bytes);
  state.actor = std::move(actor);
  state.is_dead = state.begins = state.is_alone = false;
  state.seen = 0;
  getcontext(&state.context);
  state.context.uc_stack.ss_sp = state.stack->data();
  state.context.uc_stack.ss_size = state.stack->size();
  state.context.uc_link = &scheduler_;
  makecontext(&state.context, &enter, 0);
  // Up to its first step each is alone.
  resume(index);
}

void Interleaver::resume(std::size_t index) {
  auto& state = states_[index];
  state.seen = changes_;
  me = index;
  swapcontext(&scheduler_, &state.context);
  me = nobody;
}

std::vector<Interleaver::Choice> Interleaver::choices() const {
  std::vector<Choice> found;
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto& state = states_[i];
    if (state.at == Point::over || (state.at == Point::waiting && state.seen == changes_)) continue;
    // Two looks one after the other: the other way round is the same.
    if (last_looked_ && state.at == Point::look && i < last_) continue;
    found.push_back({i, false});
    if (state.actor.may_die && state.at != Point::waiting) found.push_back({i, true});
  }
  return found;
}

void Interleaver::take(const Choice& choice) {
  auto& state = states_[choice.actor];
  last_ = choice.actor;
  last_looked_ = state.at == Point::look && !choice.dies;
  const bool changes = state.at == Point::change;
  state.is_dead = choice.dies;
  ++steps_;
  resume(choice.actor);
  if (changes) state.seen = ++changes_;
}

/// To the end of everybody, in any order.
void Interleaver::finish() {
  const auto can_go = [](const State& one) { return one.at == Point::look || one.at == Point::change; };
  for (;;) {
    auto next = std::ranges::find_if(states_, can_go);
    if (next == states_.end()) {
      next = std::ranges::find(states_, Point::waiting, &State::at);
      if (next == states_.end()) return;
      next->is_alone = true;
    }
    take({static_cast<std::size_t>(next - states_.begin()), false});
  }
}

void Interleaver::run_once(const std::vector<Actor>& actors) {
  steps_ = changes_ = last_ = 0;
  last_looked_ = is_redundant_ = false;
  is_exploring = true;
  for (std::size_t i = 0; i < actors.size(); ++i) start(i, actors[i]);
  for (std::size_t depth = 0;;) {
    auto open = choices();
    const auto looking = std::ranges::find(states_, Point::look, &State::at);
    const auto waiting = std::ranges::find(states_, Point::waiting, &State::at);
    if (!open.empty()) {
      if (depth == path_.size()) path_.push_back({std::move(open), 0});
      const auto& branching = path_[depth++];
      take(branching.choices[branching.taken]);
    } else if (looking != states_.end()) {
      // Seen before, with the two looks the other way round: only its end is of use, for what comes after it.
      is_redundant_ = true;
      finish();
      break;
    } else if (waiting != states_.end()) {
      waiting->is_alone = true;
      take({static_cast<std::size_t>(waiting - states_.begin()), false});
    } else {
      break;
    }
  }
  is_exploring = false;
}

/// To the next order. False: that was the last.
bool Interleaver::advance() {
  while (!path_.empty() && path_.back().taken + 1 == path_.back().choices.size()) path_.pop_back();
  if (path_.empty()) return false;
  ++path_.back().taken;
  return true;
}

std::size_t Interleaver::explore(const std::function<std::vector<Actor>()>& begin, const std::function<void()>& check) {
  path_.clear();
  std::size_t orders = 0;
  do {
    run_once(begin());
    if (is_redundant_) continue;
    ++orders;
    check();
  } while (advance());
  return orders;
}

}  // namespace runagents::tests
