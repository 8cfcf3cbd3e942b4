#pragma once

#include <filesystem>
#include <string>

#include "cli/child_process.hpp"
#include "cli/context.hpp"

namespace runagents::cli {

/// What the demo made before its story begins: a payments API that listens and a project that knows it.
struct DemoWorld {
  std::filesystem::path directory;
  std::string program;  ///< this executable
  std::string key;      ///< what the payments API demands

  [[nodiscard]] std::filesystem::path log() const { return directory / "payments.log"; }
  /// A command of this program, on a store of its own.
  [[nodiscard]] ChildSpec command(std::vector<std::string> words) const;
};

/// Runs the demo's agent, decides on its request, and holds every outcome against what it should be.
[[nodiscard]] Outcome tell_story(const DemoWorld& world, Context& context);

}  // namespace runagents::cli
