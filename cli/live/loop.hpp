#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "cli/context.hpp"
#include "cli/live/frame.hpp"
#include "cli/live/keys.hpp"

namespace runagents::cli::live {

using Moment = std::chrono::steady_clock::time_point;

/// What came of a job, told to the view on the loop's thread.
using Update = std::function<void(Moment)>;
/// Work with the control plane, on the thread that has it. Captures values.
using Job = std::function<Update(api::ControlPlane&)>;

/// What is shown, and what keys do: states and functions, no terminal. Used by one thread.
class View {
 public:
  View() = default;
  virtual ~View() = default;
  View(const View&) = delete;
  View& operator=(const View&) = delete;

  virtual void press(const Key& key, Moment at) = 0;
  [[nodiscard]] virtual Frame frame(Size size, model::Time now) = 0;
  [[nodiscard]] virtual bool is_over() const = 0;
  /// What is to be asked next of the control plane, again and again.
  [[nodiscard]] virtual Job poll() = 0;
  /// What the keys since the last call have ordered; done once each, in this order, before the next poll.
  [[nodiscard]] virtual std::vector<Job> orders() = 0;
};

/// How often a view asks, and for how long in all.
struct Pace {
  std::chrono::milliseconds poll{250};
  std::chrono::seconds timeout{0};  ///< 0: until somebody ends it
};

/// Whether a person is there to look at a view: a table is wanted, in a terminal that can be painted.
[[nodiscard]] bool can_show(const Context& context);

/// Shows the view on the controlling terminal until it is over, the time is up, or a signal ends it; the terminal is
/// then as it was. Blocks. The control plane must have answered before: `plane` is used on another thread until this
/// returns. A signal ends the process in the usual way. An error means that nothing was shown.
[[nodiscard]] Outcome show(View& view, api::ControlPlane& plane, const Pace& pace, Context& context);

}  // namespace runagents::cli::live
