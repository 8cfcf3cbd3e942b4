// What a runner leaves behind: whether it lives, and what it had sent and not recorded when it was gone.

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <map>
#include <span>
#include <sys/file.h>
#include <utility>
#include <vector>

#include "core/audit/journal_reader.hpp"
#include "core/audit/journal_state.hpp"

namespace runagents::audit {
namespace {

constexpr std::string_view ingress_type = R"("type":"INGRESS_REQUEST")";

/// Where the journal writes it, in an event as in what was noted of a call: after the type, which all of them have.
/// Empty: it is no event of a call.
std::string_view request_of(std::string_view text) {
  for (const auto start :
       {std::string_view{R"(_CALLED","request_id":")"}, std::string_view{R"(_REQUEST","request_id":")"}}) {
    const auto at = text.find(start);
    if (at == text.npos) continue;
    const auto id = text.substr(at + start.size());
    return id.substr(0, id.find('"'));
  }
  return {};
}

/// Drops the calls whose event was written, by a runner that died before it could say so.
Result<void> drop_recorded(CallsUnderWay& under_way, const std::filesystem::path& file) {
  std::multimap<std::string, std::pair<CallsUnderWay::Place, std::uint64_t>, std::less<>> waiting;
  under_way.for_each([&](CallsUnderWay::Place place, const CallsUnderWay::Entry& entry) {
    waiting.emplace(request_of(entry.text), std::pair{place, entry.after_seq});
  });
  std::uint64_t seq = 0;
  const auto read = JournalReader{file}.read_new([&](std::span<const std::string> lines) -> Result<void> {
    for (const auto& line : lines) {
      ++seq;
      const auto [first, last] = waiting.equal_range(request_of(line));
      for (auto one = first; one != last; ++one) {
        // A model's fallback is one more event of the same request.
        if (seq > one->second.second) under_way.drop(one->second.first);
      }
    }
    return {};
  });
  if (!read) return std::unexpected(read.error());
  return {};
}

}  // namespace

Result<Journal> Journal::reopen(const std::filesystem::path& file) {
  auto state = std::make_unique<State>(file);
  if (auto opened = state->open(0); !opened) return std::unexpected(std::move(opened.error()));
  const auto report = verify(file);
  if (!report) return std::unexpected(report.error());
  if (!report->intact || report->events == 0) {
    return fail(ErrorCode::conflict, "the event journal " + state->path + " cannot be continued: " +
                                         (report->problem.empty() ? "it is empty" : report->problem));
  }
  state->run_id = report->run_id;
  state->seq = report->events;
  state->size = static_cast<off_t>(report->bytes);
  std::ranges::copy(report->last_hash, state->last_hash.begin());
  state->written_seq = state->seq;
  state->written_hash = state->last_hash;
  if (report->torn_tail && ::ftruncate(state->fd, state->size) != 0) {
    return fail(ErrorCode::unavailable,
                "cannot cut the incomplete line off the event journal " + state->path + ": " + reason(errno));
  }
  if (auto loaded = state->under_way.load(); !loaded) return std::unexpected(std::move(loaded.error()));
  auto dropped = drop_recorded(state->under_way, file);
  if (!dropped) return std::unexpected(std::move(dropped.error()));
  return Journal{std::move(state)};
}

Result<std::uint64_t> Journal::append_left() {
  State& state = *state_;
  std::uint64_t calls = 0;
  if (state.broken) {
    if (::ftruncate(state.fd, state.size) != 0) {
      return fail(ErrorCode::unavailable, "cannot write to the event journal " + state.path + ": " + reason(errno));
    }
    state.broken = false;
  }
  Result<void> written;
  state.under_way.for_each([&](CallsUnderWay::Place place, const CallsUnderWay::Entry& entry) {
    if (!written) return;
    state.begin();
    state.line.text().append(",").append(entry.text);
    if (!entry.text.starts_with(ingress_type)) ++calls;
    written = state.finish(Journal::Write::at_once, place);
  });
  if (!written) return std::unexpected(std::move(written.error()));
  return calls - std::min(calls, std::exchange(state.taken_back, 0));
}

Result<void> complete(const std::filesystem::path& file) {
  if (file.empty() || ::access(CallsUnderWay::file_of(file).c_str(), F_OK) != 0 || is_held(file)) return {};
  auto journal = Journal::reopen(file);
  if (!journal) return std::unexpected(std::move(journal.error()));
  if (auto appended = journal->append_left(); !appended) return std::unexpected(std::move(appended.error()));
  return {};
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
