#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "runner/replay/recorded_call.hpp"

namespace runagents::replay {

/// Where the calls of a run are kept for its replay (`run --record`): a line for each, written when it is over, so that
/// the death of the runner costs what was under way. Of the engine's thread.
///
/// What it may take is bounded; a call that goes beyond is left out and counted, and the run goes on.
class Tape {
 public:
  static constexpr std::size_t max_body = std::size_t{8} * 1024 * 1024;        ///< of one request, or of one answer
  static constexpr std::size_t max_under_way = std::size_t{64} * 1024 * 1024;  ///< in memory, of all calls together
  static constexpr std::uint64_t max_file = std::uint64_t{256} * 1024 * 1024;

  /// Creates the file (mode 0600); one that exists is refused.
  [[nodiscard]] static Result<Tape> create(const std::filesystem::path& file);
  ~Tape();
  Tape(Tape&& other) noexcept;
  Tape& operator=(Tape&&) = delete;

  [[nodiscard]] std::uint64_t next_number() noexcept { return ++begun_; }
  /// Room in memory for more of a call under way; false: there is none.
  [[nodiscard]] bool take_room(std::size_t bytes) noexcept;
  void give_room(std::size_t bytes) noexcept { under_way_ -= bytes; }

  void keep(const RecordedCall& call);
  void leave_out() noexcept { ++left_out_; }

  [[nodiscard]] std::uint64_t kept() const noexcept { return kept_; }
  [[nodiscard]] std::uint64_t left_out() const noexcept { return left_out_; }
  /// Why it takes no more; empty: it does.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  explicit Tape(int fd) : fd_{fd} {}

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::size_t under_way_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t left_out_ = 0;
  std::string problem_;
};

/// The recording of the run whose journal this is: "ID.recording" beside it.
[[nodiscard]] std::filesystem::path recording_of(std::filesystem::path journal);

}  // namespace runagents::replay
