#include "runner/left_records.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/audit/journal.hpp"
#include "core/audit/journal_reader.hpp"
#include "core/config/file_content.hpp"
#include "core/config/private_file.hpp"

namespace runagents {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view extension = ".remote";
constexpr std::chrono::hours longest_kept{7 * 24};
constexpr std::size_t max_bytes = std::size_t{64} * 1024;

std::filesystem::path file_beside(std::filesystem::path journal) { return journal.replace_extension(extension); }

std::optional<LeftRecord> read(const std::filesystem::path& path) {
  const auto file = config::OpenFile::open(path);
  if (!file) return std::nullopt;
  const auto text = file->read(max_bytes);
  const Json json = text ? Json::parse(*text, nullptr, false) : Json{};
  if (!json.is_object()) return std::nullopt;
  LeftRecord record{.endpoint = json.value("endpoint", std::string{}), .is_known = json.value("is_known", false)};
  const auto status = model::run_status_of(json.value("status", std::string{}));
  if (!status) return record;
  record.ending = api::RunChange{*status, {}, json.value("reason", std::string{})};
  if (json.contains("exit_code")) record.ending->exit_code = json.value("exit_code", 0);
  return record;
}

std::uint64_t seq_of(std::string_view line) {
  constexpr std::string_view prefix = R"({"seq":)";
  std::uint64_t seq = 0;
  if (line.starts_with(prefix)) std::from_chars(line.data() + prefix.size(), line.data() + line.size(), seq);
  return seq;
}

/// Returns the last event's number.
Result<std::uint64_t> send_events(const std::filesystem::path& journal, const std::string& id, std::uint64_t stored,
                                  api::ControlPlane& plane) {
  std::uint64_t last = stored;
  const auto sent = audit::JournalReader{journal}.read_new([&](std::span<const std::string> lines) -> Result<void> {
    std::vector<std::string> fresh;
    for (const auto& line : lines) {
      if (seq_of(line) > stored) fresh.push_back(line);
    }
    if (!lines.empty()) last = std::max(last, seq_of(lines.back()));
    return plane.append_events(id, fresh);
  });
  if (!sent) return std::unexpected(sent.error());
  return last;
}

bool is_old(const std::filesystem::path& file) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(file, error);
  return !error && std::filesystem::file_time_type::clock::now() - written > longest_kept;
}

/// Whether nothing is left to be done. A run that the server does not show may be another user's.
bool deliver(const std::filesystem::path& journal, const LeftRecord& record, api::ControlPlane& plane) {
  const auto id = journal.stem().string();
  const auto run = plane.get_run(id);
  if (!run) return run.error().code == ErrorCode::not_found && (!record.is_known || is_old(file_beside(journal)));
  // Where that fails the server hears of what is there.
  static_cast<void>(audit::complete(journal));
  const auto last = send_events(journal, id, run->last_seq, plane);
  if (!last) return false;
  auto ending = record.ending.value_or(api::RunChange{model::RunStatus::failed, {}, "runner lost"});
  ending.last_seq = *last;
  const auto closed = plane.change_run(id, ending);
  return closed || (closed.error().code == ErrorCode::conflict && closed.error().reason != "events_missing");
}

}  // namespace

Result<void> keep_left_record(const std::filesystem::path& journal, const LeftRecord& record) {
  Json json = {{"endpoint", record.endpoint}, {"is_known", record.is_known}};
  if (record.ending) {
    json["status"] = word(record.ending->status);
    json["reason"] = record.ending->reason;
    if (record.ending->exit_code) json["exit_code"] = *record.ending->exit_code;
  }
  return config::replace_private_file(file_beside(journal), json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

void drop_left_record(const std::filesystem::path& journal) noexcept {
  std::error_code ignored;
  std::filesystem::remove(file_beside(journal), ignored);
}

void deliver_left_records(const std::filesystem::path& runs_directory, const std::string& endpoint,
                          api::ControlPlane& plane) {
  std::error_code error;
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{runs_directory, error}) {
    if (entry.path().extension() == extension) found.push_back(entry.path());
  }
  for (auto path : found) {
    const auto record = read(path);
    if (!record || record->endpoint != endpoint) continue;
    auto journal = path;
    journal.replace_extension(".jsonl");
    if (audit::is_held(journal)) continue;
    if (deliver(journal, *record, plane)) drop_left_record(journal);
  }
}

}  // namespace runagents
