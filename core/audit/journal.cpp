#include "core/audit/journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/audit/journal_state.hpp"

namespace runagents::audit {
namespace {

// Members that the journal itself writes; a field of a RunRecord must not appear to be one of them.
constexpr std::array<std::string_view, 9> reserved = {"seq",    "ts",        "run_id", "type", "agent",
                                                      "detail", "prev_hash", "hash",   ""};

void add_usage(JsonLine& line, const CallRecord& record) {
  line.add("input_tokens", record.input_tokens);
  line.add("output_tokens", record.output_tokens);
  if (record.cached_input_tokens != 0) line.add("cached_input_tokens", record.cached_input_tokens);
  if (!record.cost_usd.empty()) line.add_number("cost_usd", record.cost_usd);
  if (record.is_estimated) line.add_flag("estimated");
}

}  // namespace

void Journal::State::begin() {
  line.begin();
  line.add("seq", seq + 1);
  line.add_plain("ts", timestamp.now());
  line.add("run_id", run_id);
}

void Journal::State::begin(std::string_view type) {
  begin();
  line.add("type", type);
}

Result<void> Journal::State::give_up(std::string message) {
  broken = true;
  return fail(ErrorCode::unavailable, std::move(message), "nothing more is recorded in this run, so calls are refused");
}

Result<void> Journal::State::finish(Write write, CallsUnderWay::Place left) {
  line.add_plain("prev_hash", view(last_hash));
  if (!digester.digest(line.text(), next_hash)) return give_up("cannot compute SHA-256 for the event journal");
  line.add_plain("hash", view(next_hash));
  line.text() += "}\n";
  waiting += line.text();
  last_hash = next_hash;
  ++seq;
  if (left != CallsUnderWay::nowhere) waiting_places.push_back(left);
  if (write == Write::with_others) return {};
  auto written = flush();
  // This one's caller hears of it at once.
  if (!written && left != CallsUnderWay::nowhere) --taken_back;
  return written;
}

Result<void> Journal::State::flush() {
  if (waiting.empty() || broken) return {};
  const std::string& text = waiting;
  ssize_t written = 0;
  do {
    written = ::write(fd, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  const bool complete = std::cmp_equal(written, text.size());
  int error = written < 0 ? errno : ENOSPC;
  if (complete && (sync == Sync::none || ::fdatasync(fd) == 0)) {
    size += written;
    written_hash = last_hash;
    written_seq = seq;
    for (const auto place : waiting_places) under_way.drop(place);
    waiting_places.clear();
    waiting.clear();
    return {};
  }
  if (complete) error = errno;
  // A line that is not safely there must not be read as if its call had been let through.
  const bool undone = ::ftruncate(fd, size) == 0;
  last_hash = written_hash;
  seq = written_seq;
  taken_back += waiting_places.size();
  waiting_places.clear();
  waiting.clear();
  return give_up("cannot write to the event journal " + path + ": " + reason(error) +
                 (undone ? "" : "; its last line is incomplete"));
}

Journal::Journal(std::unique_ptr<State> state) : state_{std::move(state)} {}
Journal::~Journal() = default;
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;

Result<void> Journal::State::open(int flags) {
  fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
  if (fd < 0) {
    const int error = errno;
    const std::string what = (flags & O_CREAT) != 0 ? "cannot create" : "cannot write to";
    return fail(error == EEXIST ? ErrorCode::conflict : ErrorCode::unavailable,
                what + " the event journal " + path + ": " + reason(error));
  }
  // Blocking: whoever probes with is_held() lets go at once.
  while (::flock(fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    return fail(ErrorCode::unavailable, "cannot lock the event journal " + path + ": " + reason(errno));
  }
  return {};
}

Result<Journal> Journal::create(const std::filesystem::path& file, std::string_view run_id, std::string_view agent,
                                Sync sync) {
  auto state = std::make_unique<State>(file);
  state->run_id = run_id;
  state->agent = agent;
  state->sync = sync;
  if (auto opened = state->open(O_CREAT | O_EXCL); !opened) return std::unexpected(std::move(opened.error()));
  return Journal{std::move(state)};
}

bool Journal::State::allocate(off_t end) {
  constexpr off_t step = off_t{256} * 1024;
  const off_t target = (end / step + 1) * step;
  int result = 0;
  do {
    result = ::fallocate(fd, FALLOC_FL_KEEP_SIZE, size, target - size);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS) return false;
  allocated = target;
  return true;
}

bool Journal::reserve(std::size_t lines) {
  constexpr off_t ordinary_line = off_t{2} * 1024;
  State& state = *state_;
  if (state.broken) return false;
  const off_t end = state.size + static_cast<off_t>(lines) * ordinary_line;
  if (end > state.allocated && !state.allocate(end)) state.broken = true;
  return !state.broken;
}

bool Journal::broken() const noexcept { return state_->broken; }
std::uint64_t Journal::seq() const noexcept { return state_->seq; }

void Journal::State::describe(const CallRecord& record) {
  line.add_known("request_id", record.request_id);
  line.add_known("door", record.door);
  line.add_known("agent", agent);
  if (record.pid != 0) line.add_signed("pid", record.pid);
  line.add_known("exe", record.exe);
  line.add_known("end_user", record.end_user);
  line.add_known("tool", record.tool);
  line.add_known("capability", record.capability);
  line.add_known("method", record.method);
  line.add_known("mcp_method", record.mcp_method);
  line.add_known("model", record.model);
  line.add_known("asked", record.asked);
  line.add_known("left_out", record.left_out);
  line.add_known("url", record.url);
  line.add_known("decision", record.decision);
  line.add_known("code", record.code);
  line.add_known("would_be", record.would_be);
  line.add_known("would_code", record.would_code);
  line.add_known("policy", record.policy);
  if (record.rule != 0) line.add("rule", record.rule);
  line.add_known("approval_id", record.approval_id);
  line.add_known("credential", record.credential);
  if (record.status != 0) line.add_signed("status", record.status);
  if (record.grpc_status >= 0) line.add_signed("grpc_status", record.grpc_status);
  line.add("bytes_in", record.bytes_in);
  line.add("bytes_out", record.bytes_out);
  if (record.has_usage) add_usage(line, record);
  line.add_known("request_body", record.request_body);
  line.add_known("response_body", record.response_body);
  line.add("us_queue", record.us_queue);
  line.add("us_decide", record.us_decide);
  line.add("us_upstream", record.us_upstream);
}

CallsUnderWay::Place Journal::note_leaving(const CallRecord& record) {
  State& state = *state_;
  if (state.broken) return CallsUnderWay::nowhere;
  state.line.begin();
  state.line.add("type", record.type);
  state.describe(record);
  // Without the brace: the event's own members come first.
  const std::string_view text = std::string_view{state.line.text()}.substr(1);
  return state.under_way.put({state.seq, text}, state.sync == Sync::every_event);
}

Result<void> Journal::flush() {
  if (state_->broken) return state_->give_up("the event journal " + state_->path + " is broken");
  return state_->flush();
}

Result<void> Journal::append(const CallRecord& record, Write write, CallsUnderWay::Place left) {
  State& state = *state_;
  if (state.broken) return state.give_up("the event journal " + state.path + " is broken");
  state.begin(record.type);
  state.describe(record);
  return state.finish(write, left);
}

Result<void> Journal::append(const RunRecord& record) {
  State& state = *state_;
  if (state.broken) return state.give_up("the event journal " + state.path + " is broken");
  for (const auto& [name, value] : record.fields) {
    if (std::ranges::find(reserved, name) != reserved.end()) {
      return fail(ErrorCode::internal, "an event of type " + std::string{record.type} + " has a field \"" +
                                           std::string{name} + "\", which the journal writes itself");
    }
  }
  state.begin(record.type);
  state.line.add_known("agent", state.agent);
  state.line.add_known("detail", record.detail);
  for (const auto& [name, value] : record.fields) state.line.add(name, value);
  return state.finish(Write::at_once);
}

}  // namespace runagents::audit
