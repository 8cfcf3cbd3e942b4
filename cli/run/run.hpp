#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "cli/context.hpp"
#include "runner/run.hpp"

namespace runagents::cli {

/// The flags of `runagents run` as they were typed.
struct RunFlags {
  std::string config = {};
  std::string agent = {};
  std::string user = {};
  std::string ingress = {};
  std::string isolation = "strict";
  bool observe = false;
  std::vector<std::string> mask = {};
  std::vector<std::string> expose = {};
  std::string on_approval = "hold";
  std::chrono::seconds approval_timeout{std::chrono::minutes{10}};
  std::string on_consent = "hold";
  std::chrono::seconds consent_timeout{std::chrono::minutes{10}};
  std::vector<std::string> environment = {};
  std::vector<std::string> pass_environment = {};
  std::chrono::seconds kill_after{10};
  std::string summary = "text";
  bool record = false;
  bool dry_run = false;
  bool quiet = false;
  bool verbose = false;
  std::vector<std::string> command = {};
};

/// Reads the project and checks everything that can be wrong before a process is started.
[[nodiscard]] Result<RunOptions> run_options(const RunFlags& flags, const Context& context);

/// "NAME=value" words as pairs; the message about a wrong one never repeats a value.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> read_assignments(
    const std::vector<std::string>& words);

}  // namespace runagents::cli
