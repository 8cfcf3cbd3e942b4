#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit/journal.hpp"
#include "core/model/model_usage.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/refusal.hpp"

namespace runagents::egress {

/// What a run's calls came to.
struct Totals {
  struct Refused {
    std::string method;  ///< of HTTP; of a tool of kind `mcp` what policy calls the operation
    std::string url;     ///< query values masked
    std::string code;
    std::string rule;  ///< "payments#2"; empty when no rule decided
    std::uint64_t times = 0;
  };
  std::uint64_t calls = 0;
  std::uint64_t allowed = 0;
  std::uint64_t approved = 0;
  std::uint64_t refused = 0;
  std::uint64_t observed = 0;               ///< would have been refused, or held for an approval
  std::uint64_t requests = 0;               ///< to the agent, through the ingress; not among the calls
  std::uint64_t requests_refused = 0;       ///<
  std::vector<model::ModelUsage> models{};  ///< in order of first appearance
  std::vector<Refused> refusals;            ///< equal ones once, in order of first appearance; at most max_refusals
  std::vector<Refused> observations{};      ///< of what was observed; likewise
  static constexpr std::size_t max_refusals = 100;
};

/// Turns finished calls into events of the run's journal and counts them. Of the engine's thread.
class Recorder {
 public:
  explicit Recorder(audit::Journal& journal) : journal_{journal} {}

  /// Whether the call, and all that are under way, will find room in the journal; call it once, before anything of the
  /// call leaves.
  [[nodiscard]] bool expect(Call& call);
  /// The same for the bodies of a call of a model that are to be kept with its event.
  [[nodiscard]] bool expect_bodies(Call& call);
  /// Notes that the call leaves, before its first byte does, so that it is on record whatever becomes of the runner.
  /// False: it cannot be noted, and must not leave.
  [[nodiscard]] bool note_leaving(Call& call);
  /// At the end of the run: records what left and has no event, as calls whose outcome is not known.
  void record_left();
  /// Records the call, once; later calls do nothing. False: it could not be recorded, and must not be answered as if it
  /// had been.
  [[nodiscard]] bool record(Call& call, const Refusal* refusal, audit::Journal::Write = audit::Journal::Write::at_once);
  /// Whether other calls are under way, whose events could be written together with this one's.
  [[nodiscard]] bool has_others() const noexcept { return expected_ > 1; }
  /// Writes the events that wait for others. False: as of `record`, for each of their calls.
  [[nodiscard]] bool flush() { return journal_.flush().has_value(); }
  /// Takes `expect` back for what turned out to be no call.
  void forget(Call& call);
  /// Records that an agent's TLS connection to `host` failed, most often because it does not trust this run's
  /// authority.
  void note_tls_failure(std::string_view host, std::string_view reason);
  /// Records an event about the run itself; failures show in `broken`.
  void note(std::string_view type, std::string_view detail,
            std::span<const std::pair<std::string_view, std::string_view>> fields = {});

  [[nodiscard]] bool broken() const noexcept { return journal_.broken(); }
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  /// Called for every recorded call, for `--verbose`.
  std::function<void(const audit::CallRecord&)> on_call;

 private:
  [[nodiscard]] audit::CallRecord describe(const Call& call);
  void describe_model(audit::CallRecord& record, const gateway::Inference& inference);
  void describe_usage(audit::CallRecord& record, gateway::Inference& inference);
  void count(const audit::CallRecord& record, const Call& call);
  void count_model(const audit::CallRecord& record, const gateway::Inference& inference);

  audit::Journal& journal_;
  Totals totals_;
  std::string url_;
  std::string cost_;
  std::string request_body_;
  std::string response_body_;
  std::string mcp_methods_;
  std::string mcp_tools_;
  std::size_t expected_ = 0;         ///< calls under way
  std::size_t expected_bodies_ = 0;  ///< of them, those whose bodies are kept
  std::size_t tls_failures_ = 0;
};

}  // namespace runagents::egress
