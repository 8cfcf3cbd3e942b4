#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "runner/replay/recorded_call.hpp"

namespace runagents::replay {

/// One way in which a replay was not as its recording.
struct Difference {
  enum class Kind { fresh, changed, missing } kind = Kind::fresh;
  CallKey key;
  std::string recorded;     ///< of the body, masked and cut: what it was
  std::string replayed;     ///< and what it is now
  std::uint64_t times = 1;  ///< the same again
};

/// A recording that answers calls. Its bodies stay in the file until they are needed. Of the engine's thread.
///
/// A call takes the earliest answer that is left of those to the same method, path and query of the same tool: to the
/// same body if there is one, else to another one, which is noted. An answer is given once; a call for which none is
/// left is new, however often it was made before.
class Playback {
 public:
  [[nodiscard]] static Result<Playback> open(const std::filesystem::path& file);
  ~Playback();
  Playback(Playback&& other) noexcept;
  Playback& operator=(Playback&&) = delete;

  /// The answer to a call; nothing: there is none, which is noted.
  [[nodiscard]] std::optional<RecordedCall> take(const CallKey& key, std::string_view request);

  /// What was noted so far, and the recorded calls that nobody has made.
  [[nodiscard]] std::vector<Difference> differences() const;
  [[nodiscard]] std::uint64_t recorded() const noexcept { return recorded_; }  ///< calls in the recording
  [[nodiscard]] std::uint64_t same() const noexcept { return same_; }          ///< calls that were made again

 private:
  struct Entry {
    std::uint64_t offset = 0;
    std::size_t size = 0;
    std::uint64_t number = 0;
    std::string digest;  ///< of the request's body
    bool is_used = false;
  };

  explicit Playback(int fd) : fd_{fd} {}
  Result<void> index();
  void note(Difference difference);
  [[nodiscard]] std::optional<RecordedCall> read(const Entry& entry) const;

  int fd_ = -1;
  std::map<CallKey, std::vector<Entry>> entries_;  ///< in the order in which the calls began
  std::vector<Difference> noted_;
  std::uint64_t recorded_ = 0;
  std::uint64_t same_ = 0;
};

}  // namespace runagents::replay
