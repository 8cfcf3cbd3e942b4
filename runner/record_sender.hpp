#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/api/control_plane.hpp"
#include "core/audit/journal_reader.hpp"
#include "core/error.hpp"
#include "runner/run.hpp"

namespace runagents {

/// Sends a run's journal to a server while it grows, on a thread of its own. The file is the record; what the server
/// has not acknowledged is sent again, in order, until it has it, so that nothing is missing there and nothing twice.
/// Nobody waits for that before the run's end.
class RecordSender {
 public:
  /// Told when the server stops taking events, and with nothing when it takes them again; on the sender's thread.
  using OnTrouble = std::function<void(const Error* error)>;

  RecordSender(std::filesystem::path journal, std::string run_id, OpenTransport open, OnTrouble on_trouble);
  /// Ends after what is under way.
  ~RecordSender();
  RecordSender(const RecordSender&) = delete;
  RecordSender& operator=(const RecordSender&) = delete;

  /// Sends what is left, up to the event `last_seq`, and then the run's end. Tries for as long as `patience`, and a
  /// request that is under way then is waited for. Blocks; the last call.
  [[nodiscard]] Result<void> finish(const api::RunChange& change, std::uint64_t last_seq,
                                    std::chrono::milliseconds patience);

 private:
  struct Ending {
    api::RunChange change;
    std::chrono::steady_clock::time_point until;
  };

  void run();
  Result<void> send_new();
  Result<void> send_all(std::optional<Ending> ending);
  void tell(const Result<void>& sent);

  std::string run_id_;
  OpenTransport open_;
  OnTrouble on_trouble_;
  std::filesystem::path journal_;
  // Of the thread.
  audit::JournalReader reader_;
  std::unique_ptr<api::Transport> transport_;
  bool is_in_trouble_ = false;
  // Shared.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_stopping_ = false;
  std::optional<Ending> ending_;
  Result<void> outcome_;
  std::thread thread_;
};

}  // namespace runagents
