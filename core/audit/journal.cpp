#include "core/audit/journal.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "core/audit/digest.hpp"
#include "core/audit/json_line.hpp"

namespace runagents::audit {
namespace {

// Members that the journal itself writes; a field of a RunRecord must not appear to be one of them.
constexpr std::array<std::string_view, 9> reserved = {"seq",    "ts",        "run_id", "type", "agent",
                                                      "detail", "prev_hash", "hash",   ""};

std::string reason(int error) { return std::system_category().message(error); }

// The current time as ISO 8601, formatting the part down to the second only when the second changes.
class Timestamp {
 public:
  std::string_view now() {
    const model::Time time = model::now();
    const auto second = std::chrono::floor<std::chrono::seconds>(time);
    if (text_.empty() || second != second_) {
      text_ = model::to_iso8601(time);
      second_ = second;
      return text_;
    }
    auto milliseconds = (time - second).count();
    for (std::size_t i = 22; i >= 20; --i, milliseconds /= 10) text_[i] = static_cast<char>('0' + milliseconds % 10);
    return text_;
  }

 private:
  std::string text_;
  std::chrono::sys_seconds second_;
};

void add_usage(JsonLine& line, const CallRecord& record) {
  line.add("input_tokens", record.input_tokens);
  line.add("output_tokens", record.output_tokens);
  if (record.cached_input_tokens != 0) line.add("cached_input_tokens", record.cached_input_tokens);
  if (!record.cost_usd.empty()) line.add_number("cost_usd", record.cost_usd);
  if (record.is_estimated) line.add_flag("estimated");
}

}  // namespace

struct Journal::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (fd < 0) return;
    // Gives back what was allocated ahead; where that fails, nothing but room is lost.
    if (allocated > size) static_cast<void>(::ftruncate(fd, size) == 0);
    ::close(fd);
  }

  void begin(std::string_view type);
  Result<void> finish();
  Result<void> write_line();
  Result<void> give_up(std::string message);
  bool allocate(off_t end);

  int fd = -1;
  std::string path;
  std::string run_id;
  std::string agent;
  Sync sync = Sync::none;
  bool broken = false;
  std::uint64_t seq = 0;
  off_t size = 0;       // the end of the newest complete line
  off_t allocated = 0;  // up to here the file system has room for the file
  HexDigest last_hash{};
  HexDigest next_hash{};
  Digester digester;
  Timestamp timestamp;
  JsonLine line;
};

void Journal::State::begin(std::string_view type) {
  line.begin();
  line.add("seq", seq + 1);
  line.add_plain("ts", timestamp.now());
  line.add("run_id", run_id);
  line.add("type", type);
}

Result<void> Journal::State::give_up(std::string message) {
  broken = true;
  return fail(ErrorCode::unavailable, std::move(message), "nothing more is recorded in this run, so calls are refused");
}

Result<void> Journal::State::finish() {
  line.add_plain("prev_hash", view(last_hash));
  if (!digester.digest(line.text(), next_hash)) return give_up("cannot compute SHA-256 for the event journal");
  line.add_plain("hash", view(next_hash));
  line.text() += "}\n";
  if (auto written = write_line(); !written) return written;
  last_hash = next_hash;
  ++seq;
  return {};
}

Result<void> Journal::State::write_line() {
  const std::string& text = line.text();
  ssize_t written = 0;
  do {
    written = ::write(fd, text.data(), text.size());
  } while (written < 0 && errno == EINTR);
  const bool complete = std::cmp_equal(written, text.size());
  int error = written < 0 ? errno : ENOSPC;
  if (complete && (sync == Sync::none || ::fdatasync(fd) == 0)) {
    size += written;
    return {};
  }
  if (complete) error = errno;
  // A line that is not safely there must not be read as if its call had been let through.
  const bool undone = ::ftruncate(fd, size) == 0;
  return give_up("cannot write to the event journal " + path + ": " + reason(error) +
                 (undone ? "" : "; its last line is incomplete"));
}

Journal::Journal(std::unique_ptr<State> state) : state_{std::move(state)} {}
Journal::~Journal() = default;
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;

Result<Journal> Journal::create(const std::filesystem::path& file, std::string_view run_id, std::string_view agent,
                                Sync sync) {
  auto state = std::make_unique<State>();
  state->path = file.string();
  state->run_id = run_id;
  state->agent = agent;
  state->sync = sync;
  state->last_hash.fill('0');
  state->fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (state->fd < 0) {
    const int error = errno;
    return fail(error == EEXIST ? ErrorCode::conflict : ErrorCode::unavailable,
                "cannot create the event journal " + state->path + ": " + reason(error));
  }
  // Blocking: whoever probes with is_held() lets go at once.
  while (::flock(state->fd, LOCK_EX) != 0) {
    if (errno == EINTR) continue;
    return fail(ErrorCode::unavailable, "cannot lock the event journal " + state->path + ": " + reason(errno));
  }
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

Result<void> Journal::append(const CallRecord& record) {
  State& state = *state_;
  if (state.broken) return state.give_up("the event journal " + state.path + " is broken");
  state.begin(record.type);
  JsonLine& line = state.line;
  line.add_known("request_id", record.request_id);
  line.add_known("door", record.door);
  line.add_known("agent", state.agent);
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
  return state.finish();
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
  return state.finish();
}

bool is_held(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  // A journal that is there but cannot be looked at says nothing about its runner.
  if (fd < 0) return errno != ENOENT && errno != ENOTDIR;
  int locked = 0;
  do {
    locked = ::flock(fd, LOCK_SH | LOCK_NB);
  } while (locked != 0 && errno == EINTR);
  ::close(fd);
  return locked != 0;
}

}  // namespace runagents::audit
