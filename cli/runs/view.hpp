#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/approvals/view.hpp"
#include "cli/live/loop.hpp"
#include "cli/live/text_line.hpp"
#include "cli/output/print.hpp"
#include "core/model/run.hpp"

namespace runagents::cli {

/// What the control plane says now.
struct RunsNews {
  std::vector<model::Run> runs = {};                ///< the newest first
  std::map<std::string, std::size_t> waiting = {};  ///< pending approvals by run
  std::string opened = {};                          ///< the run whose events these are
  std::vector<std::string> events = {};             ///< new ones, as they were recorded
};

/// `runs watch` on a terminal: runs with their state, and one of them with its events as they come. Approvals of a run
/// are decided in an ApprovalsView of their own.
class RunsView final : public live::View {
 public:
  static constexpr std::size_t most_events = 1000;  ///< that are kept, the newest ones

  enum class Mode { list, run, filter, help };

  struct Settings {
    std::string agent = {};   ///< only those of this agent
    std::string user = {};    ///< only those for this end user
    std::string opened = {};  ///< id of the run that is shown alone; empty: the list is
    ApprovalsView::Settings approvals;
  };
  explicit RunsView(Settings settings);

  void press(const live::Key& key, live::Moment at) override;
  [[nodiscard]] live::Frame frame(live::Size size, model::Time now) override;
  [[nodiscard]] bool is_over() const override { return wants_out_; }
  [[nodiscard]] live::Job poll() override;
  [[nodiscard]] std::vector<live::Job> orders() override;

  void take(RunsNews news);
  /// The control plane did not answer, or refused to.
  void trouble(const Error& error) { trouble_ = error.message; }

  [[nodiscard]] Mode mode() const noexcept { return mode_; }
  [[nodiscard]] const std::string& selected() const noexcept { return selected_; }

 private:
  struct Event {
    std::vector<output::Cell> cells;
  };

  [[nodiscard]] std::vector<const model::Run*> visible() const;
  [[nodiscard]] const model::Run* find(const std::string& id) const;
  [[nodiscard]] std::size_t waiting_of(const std::string& id) const;

  void press_in_list(const live::Key& key);
  void press_in_run(const live::Key& key);
  void press_in_filter(const live::Key& key);
  void move(std::ptrdiff_t by);
  void open(const std::string& id);
  void open_approvals(const std::string& id);
  void keep_selection();
  [[nodiscard]] bool shows_approvals();

  [[nodiscard]] live::Frame list_frame(live::Size size, model::Time now);
  [[nodiscard]] live::Frame run_frame(live::Size size, model::Time now);
  [[nodiscard]] live::Frame help_frame(live::Size size) const;

  Settings settings_;
  Mode mode_ = Mode::list;
  Mode before_help_ = Mode::list;
  std::vector<model::Run> runs_;
  std::map<std::string, std::size_t> waiting_;
  std::string selected_;  ///< id; the opened one in `run`
  live::TextLine filter_;
  std::deque<Event> events_;  ///< of the selected run
  std::uint64_t last_seq_ = 0;
  bool is_complete_ = false;   ///< the run is over and all its events are here
  std::size_t above_end_ = 0;  ///< events below those that are shown; 0: new ones are followed
  std::size_t page_ = 10;
  std::string message_;
  std::string trouble_;
  bool wants_out_ = false;
  /// The last one is on the screen while `in_approvals_`. Answers may still be on their way to the others.
  std::vector<std::unique_ptr<ApprovalsView>> approvals_;
  bool in_approvals_ = false;
};

}  // namespace runagents::cli
