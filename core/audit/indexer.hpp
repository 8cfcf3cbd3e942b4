#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <utility>

#include "core/api/control_plane.hpp"
#include "core/error.hpp"

namespace runagents::audit {

/// Brings a run's journal into the control plane, in batches. Blocking; lives on the worker thread that owns the
/// control-plane client. Crash-safe: starting again from zero stores nothing twice.
class Indexer {
 public:
  Indexer(std::filesystem::path journal, std::string run_id)
      : journal_{std::move(journal)}, run_id_{std::move(run_id)} {}

  /// Sends every complete line that is new since the last call. Returns how many.
  [[nodiscard]] Result<std::uint64_t> catch_up(api::ControlPlane& plane);

  using Store = std::function<Result<void>(std::span<const std::string>)>;
  /// The same for whoever stores the lines itself.
  [[nodiscard]] Result<std::uint64_t> catch_up(const Store& store);

 private:
  std::filesystem::path journal_;
  std::string run_id_;
  std::uint64_t offset_ = 0;
};

}  // namespace runagents::audit
