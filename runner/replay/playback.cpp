#include "runner/replay/playback.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "core/audit/masking.hpp"
#include "core/auth/hash.hpp"
#include "runner/replay/tape.hpp"

namespace runagents::replay {
namespace {

/// Of a body that is shown.
constexpr std::size_t shown_bytes = 400;
/// An agent that makes calls up fills no memory.
constexpr std::size_t max_noted = 1000;

std::string shown(std::string_view body) { return audit::preview_body(body, "application/json", shown_bytes); }

std::string digest_of(std::string_view body) { return std::string{auth::view(auth::sha256(body))}; }

}  // namespace

Playback::~Playback() {
  if (fd_ >= 0) ::close(fd_);
}

Playback::Playback(Playback&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, entries_{std::move(other.entries_)}, recorded_{other.recorded_} {}

Result<Playback> Playback::open(const std::filesystem::path& file) {
  Playback playback{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
  if (playback.fd_ < 0 && errno == ENOENT) {
    return fail(ErrorCode::not_found, "the run was not recorded: there is no " + file.string(),
                "record one: runagents run --record");
  }
  if (playback.fd_ < 0) {
    return fail(ErrorCode::unavailable,
                "cannot read the recording " + file.string() + ": " + std::system_category().message(errno));
  }
  if (auto indexed = playback.index(); !indexed) return std::unexpected(std::move(indexed.error()));
  return playback;
}

/// A last line without an end is what was under way when the runner died.
Result<void> Playback::index() {
  std::string pending;
  std::uint64_t offset = 0;
  std::string part(std::size_t{1} << 20U, '\0');
  for (;;) {
    const auto got = ::read(fd_, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return fail(ErrorCode::unavailable, "cannot read the recording: " + std::system_category().message(errno));
    if (got == 0) break;
    pending.append(part, 0, static_cast<std::size_t>(got));
    std::size_t from = 0;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n', from)) {
      const auto call = from_line(std::string_view{pending}.substr(from, end - from));
      if (!call) return fail(ErrorCode::configuration, "the recording is damaged at byte " + std::to_string(offset));
      entries_[call->key].push_back({offset, end - from, call->number, digest_of(call->request)});
      ++recorded_;
      offset += end + 1 - from;
      from = end + 1;
    }
    pending.erase(0, from);
    if (pending.size() > 4 * Tape::max_body) return fail(ErrorCode::configuration, "the recording is damaged");
  }
  for (auto& [key, calls] : entries_) std::ranges::sort(calls, {}, &Entry::number);
  return {};
}

std::optional<RecordedCall> Playback::read(const Entry& entry) const {
  std::string line(entry.size, '\0');
  std::size_t at = 0;
  while (at < line.size()) {
    const auto got = ::pread(fd_, line.data() + at, line.size() - at, static_cast<off_t>(entry.offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::nullopt;
    at += static_cast<std::size_t>(got);
  }
  return from_line(line);
}

std::optional<RecordedCall> Playback::take(const CallKey& key, std::string_view request) {
  const auto found = entries_.find(key);
  Entry* chosen = nullptr;
  bool is_same = false;
  if (found != entries_.end()) {
    const auto digest = digest_of(request);
    for (auto& entry : found->second) {
      if (entry.is_used) continue;
      if (entry.digest == digest) {
        chosen = &entry;
        is_same = true;
        break;
      }
      if (chosen == nullptr) chosen = &entry;
    }
  }
  auto call = chosen == nullptr ? std::nullopt : read(*chosen);
  if (!call) {
    note({.kind = Difference::Kind::fresh, .key = key, .recorded = {}, .replayed = shown(request)});
    return std::nullopt;
  }
  chosen->is_used = true;
  if (is_same) {
    ++same_;
  } else {
    note({.kind = Difference::Kind::changed, .key = key, .recorded = shown(call->request), .replayed = shown(request)});
  }
  return call;
}

void Playback::note(Difference difference) {
  const auto same = std::ranges::find_if(noted_, [&difference](const Difference& one) {
    return one.kind == difference.kind && one.key == difference.key && one.recorded == difference.recorded &&
           one.replayed == difference.replayed;
  });
  if (same != noted_.end()) {
    ++same->times;
  } else if (noted_.size() < max_noted) {
    noted_.push_back(std::move(difference));
  } else {
    ++noted_.back().times;
  }
}

std::vector<Difference> Playback::differences() const {
  auto all = noted_;
  std::vector<std::pair<std::uint64_t, Difference>> missing;
  for (const auto& [key, calls] : entries_) {
    for (const auto& entry : calls) {
      if (entry.is_used) continue;
      const auto call = read(entry);
      missing.emplace_back(entry.number, Difference{.kind = Difference::Kind::missing,
                                                    .key = key,
                                                    .recorded = call ? shown(call->request) : std::string{},
                                                    .replayed = {}});
    }
  }
  std::ranges::sort(missing, {}, &std::pair<std::uint64_t, Difference>::first);
  for (auto& [number, difference] : missing) all.push_back(std::move(difference));
  return all;
}

}  // namespace runagents::replay
