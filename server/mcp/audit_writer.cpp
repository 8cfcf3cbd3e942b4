#include "server/mcp/audit_writer.hpp"

#include <soci/soci.h>
#include <utility>

#include "server/service/audit_log.hpp"

namespace runagents::server {

AuditWriter::AuditWriter(store::Database database) : database_{std::move(database)}, thread_{[this] { run(); }} {}

AuditWriter::~AuditWriter() {
  {
    const std::scoped_lock lock{mutex_};
    is_stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void AuditWriter::add(CallRecord record) {
  const std::scoped_lock lock{mutex_};
  queue_.push_back(std::move(record));
  ++waiting_;
}

void AuditWriter::run() {
  std::vector<CallRecord> records;
  for (bool last = false; !last;) {
    {
      std::unique_lock lock{mutex_};
      changed_.wait_for(lock, period, [this] { return is_stopping_; });
      last = is_stopping_;
      // What could not be written comes first again.
      for (auto& record : queue_) records.push_back(std::move(record));
      queue_.clear();
    }
    if (records.empty()) continue;
    is_sound_ = write(records);
    if (!is_sound_) continue;
    waiting_ -= records.size();
    records.clear();
  }
}

bool AuditWriter::write(const std::vector<CallRecord>& records) {
  const auto written = database_.write(store::Durability::normal, [&](soci::session& session) -> Result<void> {
    for (const auto& record : records) {
      const Actor actor{.principal = record.principal, .request_id = record.request_id};
      if (auto added = AuditLog::add(session, actor, record.entry); !added) return added;
    }
    return {};
  });
  return written.has_value();
}

}  // namespace runagents::server
