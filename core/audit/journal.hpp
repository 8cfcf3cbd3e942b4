#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "core/audit/calls_under_way.hpp"
#include "core/error.hpp"
#include "core/model/approval.hpp"

namespace runagents::audit {

/// What is recorded of one call. All views are copied by `append`; empty text and zero mean "not known".
struct CallRecord {
  std::string_view type = "TOOL_CALLED";  ///< "MODEL_CALLED", or "INGRESS_REQUEST" for a request to the agent
  std::string_view request_id;
  std::string_view door;  ///< "alias", "forward", "transparent", "gateway", "ingress"
  std::int64_t pid = 0;
  std::string_view exe;
  std::string_view end_user;
  std::string_view tool;
  std::string_view capability;
  std::string_view method;
  std::string_view mcp_method;  ///< of the messages to a tool of kind `mcp`: "tools/call"; capability is what they call
  std::string_view model;       ///< of a call to a provider of models, which stands in `tool`: as the provider knows it
  std::string_view left_out;    ///< of the question: fields that the provider was not told, joined by commas
  std::string_view asked;       ///< how the agent named the model, where that is another name
  std::string_view url;         ///< query values already masked
  std::string_view decision;    ///< "allowed", "approved", "refused", "observed"
  std::string_view code;        ///< the refusal's code; empty when the call went through
  std::string_view would_be;    ///< of a run that observes: what it would be in another: "allowed", "refused", "held"
  std::string_view would_code;  ///< likewise: the refusal's code, APPROVAL_REQUIRED where it would be held
  std::string_view policy;
  std::uint32_t rule = 0;
  std::string_view approval_id;
  std::string_view credential;  ///< kind and reference ("bearer env:STRIPE_API_KEY"), never a value
  int status = 0;               ///< what the agent got
  int grpc_status = -1;         ///< of a gRPC call: the status that its client was told; negative: none
  std::uint64_t bytes_in = 0;   ///< request body bytes sent upstream
  std::uint64_t bytes_out = 0;  ///< response body bytes sent to the agent
  bool has_usage = false;       ///< of a model: the next members mean something
  bool is_estimated = false;    ///< nobody counted; they are what was expected
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
  std::uint64_t cached_input_tokens = 0;  ///< of the input
  std::string_view cost_usd;              ///< a decimal number; empty: the price is not known
  std::string_view request_body;          ///< of a model, where bodies are kept: masked
  std::string_view response_body;         ///< likewise
  std::uint64_t us_queue = 0;             ///< waiting for a person or a connection
  std::uint64_t us_decide = 0;
  std::uint64_t us_upstream = 0;
};

/// An event about the run itself: "RUN_CREATED", "APPROVAL_REQUIRED", "APPROVED", "REJECTED", "RESUMED", "COMPLETED",
/// ...
struct RunRecord {
  std::string_view type;
  std::string_view detail;                                                ///< one sentence
  std::span<const std::pair<std::string_view, std::string_view>> fields;  ///< further members of the JSON object
};

/// The append-only event journal of one run: a JSON object per line, each with the hash of the line before it.
///
/// Lines are written with write(2) on an O_APPEND descriptor, so the record survives the death of the process; a torn
/// last line is the most that can be lost. A write that fails (full disk) is undone as far as possible, makes the
/// journal `broken`, and every later append fails: callers refuse calls that cannot be recorded. An exclusive flock(2)
/// on the file tells other processes that the runner lives. Used by one thread.
///
/// What leaves is noted first (`note_leaving`, see CallsUnderWay), so that a call whose runner dies before its event is
/// written is on record all the same, with the code OUTCOME_UNKNOWN: `complete` appends it.
///
/// `hash` is the SHA-256 of the line up to and without `,"hash"`; `prev_hash` of the first line is 64 zeros.
class Journal {
 public:
  enum class Sync { none, every_event };  ///< every_event: fdatasync(2) after each write
  /// with_others: by the next append that writes at once, or by `flush`, in one go.
  enum class Write { at_once, with_others };

  /// Creates the file (mode 0600); one that exists is refused.
  [[nodiscard]] static Result<Journal> create(const std::filesystem::path& file, std::string_view run_id,
                                              std::string_view agent, Sync sync = Sync::none);
  /// Of a run whose runner is gone: cuts off a torn last line, and lets append. A journal whose chain is not intact is
  /// a conflict.
  [[nodiscard]] static Result<Journal> reopen(const std::filesystem::path& file);
  ~Journal();
  Journal(Journal&&) noexcept;
  Journal& operator=(Journal&&) noexcept;

  /// Notes the call before its first byte leaves; `nowhere`: it cannot be noted, and must not leave.
  [[nodiscard]] CallsUnderWay::Place note_leaving(const CallRecord& record);
  /// `left`: where the call was noted; it is that no longer when its event is written.
  [[nodiscard]] Result<void> append(const CallRecord& record, Write write = Write::at_once,
                                    CallsUnderWay::Place left = CallsUnderWay::nowhere);
  [[nodiscard]] Result<void> append(const RunRecord& record);
  /// Writes the lines that wait for others.
  [[nodiscard]] Result<void> flush();
  /// Appends what was noted and has no event, after one more try of a journal that is broken. Returns the number of the
  /// agent's calls among them, but for those whose append had seemed to succeed.
  [[nodiscard]] Result<std::uint64_t> append_left();
  /// Makes sure that `lines` more lines of ordinary length will find room on the disk, by allocating ahead of the end;
  /// false: they would not, and the journal is broken from now on. Nearly always one comparison. On file systems that
  /// cannot allocate ahead it is true, and a full disk shows only when a line is written.
  [[nodiscard]] bool reserve(std::size_t lines);
  [[nodiscard]] bool broken() const noexcept;
  /// The `seq` of the newest line, written or not; 0 before the first.
  [[nodiscard]] std::uint64_t seq() const noexcept;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// What a check of a journal found.
struct ChainReport {
  std::uint64_t events = 0;    ///< proven, from the first
  std::uint64_t bytes = 0;     ///< of the proven lines
  bool intact = false;         ///< every complete line fits
  bool torn_tail = false;      ///< the file ends in an incomplete line: the event in flight when the runner died
  std::uint64_t bad_line = 0;  ///< from 1; 0 when intact
  std::string problem;         ///< what does not fit
  std::string last_hash;
  std::string run_id;       ///< of every proven event
  std::string last_type;    ///< of the last proven event
  std::uint64_t calls = 0;  ///< proven events that are calls
};

/// Proves the chain of a journal file.
[[nodiscard]] Result<ChainReport> verify(const std::filesystem::path& file);

/// Proves the chain of a journal's lines, from the first, as a control plane has them.
[[nodiscard]] ChainReport verify(std::span<const std::string> lines);

/// Appends what a runner that is gone had sent and not recorded yet. Nothing happens while a runner lives.
[[nodiscard]] Result<void> complete(const std::filesystem::path& file);

/// Whether a living runner holds the journal.
[[nodiscard]] bool is_held(const std::filesystem::path& file);

}  // namespace runagents::audit
