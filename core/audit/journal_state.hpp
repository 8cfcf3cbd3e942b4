#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "core/audit/digest.hpp"
#include "core/audit/journal.hpp"
#include "core/audit/json_line.hpp"

namespace runagents::audit {

inline std::string reason(int error) { return std::system_category().message(error); }

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

/// What a Journal is made of: of its own sources only.
struct Journal::State {
  explicit State(const std::filesystem::path& file) : path{file.string()}, under_way{file} {
    last_hash.fill('0');
    written_hash.fill('0');
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (fd >= 0) static_cast<void>(flush());
    if (under_way.empty()) under_way.remove();
    if (fd < 0) return;
    // Gives back what was allocated ahead; where that fails, nothing but room is lost.
    if (allocated > size) static_cast<void>(::ftruncate(fd, size) == 0);
    ::close(fd);
  }

  Result<void> open(int flags);
  void begin(std::string_view type);
  void begin();
  void describe(const CallRecord& record);
  Result<void> finish(Write write, CallsUnderWay::Place left = CallsUnderWay::nowhere);
  Result<void> flush();
  Result<void> give_up(std::string message);
  bool allocate(off_t end);

  int fd = -1;
  std::string path;
  std::string run_id;
  std::string agent;
  Sync sync = Sync::none;
  bool broken = false;
  std::uint64_t seq = 0;
  off_t size = 0;       // the end of the newest written line
  off_t allocated = 0;  // up to here the file system has room for the file
  HexDigest last_hash{};
  HexDigest next_hash{};
  Digester digester;
  Timestamp timestamp;
  JsonLine line;
  std::string waiting;                               // lines that are not written yet
  std::vector<CallsUnderWay::Place> waiting_places;  // of their calls
  HexDigest written_hash{};                          // of the newest written line
  std::uint64_t written_seq = 0;                     // likewise
  std::uint64_t taken_back = 0;                      // calls whose line was waiting when it could not be written
  CallsUnderWay under_way;
};

}  // namespace runagents::audit
