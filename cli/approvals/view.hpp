#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/live/loop.hpp"
#include "cli/live/text_line.hpp"
#include "core/model/approval.hpp"

namespace runagents::cli {

/// What a person decided on one request.
struct Verdict {
  std::string id;
  std::optional<model::Scope> scope;  ///< empty: rejected
  std::string reason;
};

/// What the control plane says now.
struct ApprovalsNews {
  std::vector<model::ApprovalRequest> requests;
  bool is_whole = true;  ///< no pending one was left out
};

/// `approvals watch` on a terminal: the requests that wait, details of one, and the decision.
///
/// Nobody approves by accident: the cursor is at a request and not at a place, so that no news puts another one under
/// it; one that is decided elsewhere stays there until the person moves on. A decision takes two keys, the second one
/// at the whole request with its scopes, and is bound to its id. Keys that come before a person can have seen what they
/// would decide on do nothing (`settling`).
class ApprovalsView final : public live::View {
 public:
  static constexpr std::chrono::milliseconds settling{400};
  static constexpr std::size_t end_of_text = std::size_t{1} << 30;

  enum class Mode { list, details, choose, reason, filter, help };

  struct Settings {
    std::string place;                         ///< of the control plane, for people
    std::string agent = {};                    ///< only those of this agent
    std::string run = {};                      ///< only those of this run
    std::optional<Error> may_not_decide = {};  ///< why this process must not decide
    std::string approver = {};
    bool is_part = false;  ///< of another view, to which it gives way at the end
  };
  explicit ApprovalsView(Settings settings) : settings_{std::move(settings)} {}

  void press(const live::Key& key, live::Moment at) override;
  [[nodiscard]] live::Frame frame(live::Size size, model::Time now) override;
  [[nodiscard]] bool is_over() const override { return wants_out_ && sent_.empty(); }
  [[nodiscard]] live::Job poll() override;
  [[nodiscard]] std::vector<live::Job> orders() override;

  void take(ApprovalsNews news, live::Moment at);
  /// The control plane did not answer, or refused to.
  void trouble(const Error& error);
  void decided(const std::string& id, const Result<model::ApprovalRequest>& outcome);

  /// What was decided since the last call and is to be sent.
  [[nodiscard]] std::vector<Verdict> take_verdicts();

  [[nodiscard]] Mode mode() const noexcept { return mode_; }
  [[nodiscard]] const std::string& selected() const noexcept { return selected_; }
  [[nodiscard]] const std::string& message() const noexcept { return message_; }

 private:
  [[nodiscard]] std::vector<const model::ApprovalRequest*> visible() const;
  [[nodiscard]] const model::ApprovalRequest* find(const std::string& id) const;

  void press_in_list(const live::Key& key, live::Moment at);
  void press_in_details(const live::Key& key, live::Moment at);
  void press_in_choice(const live::Key& key, live::Moment at);
  void press_in_reason(const live::Key& key, live::Moment at);
  void press_in_filter(const live::Key& key, live::Moment at);
  void scroll(const live::Key& key);
  void move(std::ptrdiff_t by, live::Moment at);
  void select(const std::string& id, live::Moment at);
  void select_first(live::Moment at);
  void keep_selection(live::Moment at);
  void begin_decision(Mode mode, live::Moment at);
  void turn_to(Mode mode);
  void send(std::optional<model::Scope> scope, std::string reason);
  void say(const std::string& text, bool is_bad = false);

  [[nodiscard]] std::vector<output::Line> head(std::string_view note) const;
  [[nodiscard]] output::Line keys(std::size_t columns) const;
  [[nodiscard]] live::Frame list_frame(live::Size size, model::Time now);
  [[nodiscard]] live::Frame details_frame(live::Size size, model::Time now);
  [[nodiscard]] live::Frame help_frame(live::Size size) const;
  [[nodiscard]] std::vector<output::Line> panel(const model::ApprovalRequest& request, live::Size size) const;

  Settings settings_;
  Mode mode_ = Mode::list;
  std::vector<model::ApprovalRequest> requests_;
  bool is_whole_ = true;
  bool has_news_ = false;
  std::string selected_;  ///< id; what details, choice and reason are about
  std::string lingers_;   ///< id of the selected one when it was decided since: it keeps its place
  live::Moment settled_;  ///< until then no key decides
  bool shows_decided_ = false;
  live::TextLine filter_;
  live::TextLine reason_;
  std::size_t scrolled_ = 0;
  std::size_t page_ = 10;  ///< lines of a page, as last shown
  std::string message_;
  bool message_is_bad_ = false;
  std::string trouble_;  ///< why there is no news; empty: there is
  std::vector<Verdict> verdicts_;
  std::set<std::string> sent_;  ///< decisions without an answer
  bool wants_out_ = false;
};

}  // namespace runagents::cli
