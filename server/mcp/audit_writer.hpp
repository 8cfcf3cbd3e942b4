#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.hpp"
#include "core/model/audit_entry.hpp"
#include "core/store/database.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// An entry and who acted.
struct CallRecord {
  Principal principal;
  std::string request_id;
  model::AuditEntry entry;
};

/// Writes the audit log of tool calls, many entries in one transaction, on a thread of its own, so that no call waits
/// for the disk. An entry is written within `period` of its call; a process that is killed loses what came after the
/// last transaction, at most that much and never more than `max_waiting` entries, and one that is stopped in order
/// loses nothing. While entries cannot be written, `may_call` is false: no call without a record.
class AuditWriter {
 public:
  static constexpr std::chrono::milliseconds period{100};
  static constexpr std::size_t max_waiting = 16384;

  explicit AuditWriter(store::Database database);
  /// Writes what is left.
  ~AuditWriter();
  AuditWriter(const AuditWriter&) = delete;
  AuditWriter& operator=(const AuditWriter&) = delete;

  /// Whether there is room for the entry of one more call, and the last ones could be written. Any thread.
  [[nodiscard]] bool may_call() const noexcept { return is_sound_ && waiting_ < max_waiting; }
  /// Any thread; does not block.
  void add(CallRecord record);

 private:
  void run();
  [[nodiscard]] bool write(const std::vector<CallRecord>& records);

  store::Database database_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<CallRecord> queue_;
  bool is_stopping_ = false;
  std::atomic<bool> is_sound_{true};
  std::atomic<std::size_t> waiting_{0};  ///< not written yet
  std::thread thread_;
};

}  // namespace runagents::server
