#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

struct ConsentsList {
  std::string tool = {};
  std::string user = {};
};

struct ConsentsStart {
  std::string config = {};
  std::string tool = {};
  std::string user = {};
  bool shared = false;
  std::chrono::seconds timeout{std::chrono::minutes{10}};
  bool dry_run = false;
};

struct ConsentsRevoke {
  std::string config = {};
  std::vector<std::string> ids = {};
  bool yes = false;
  bool dry_run = false;
};

[[nodiscard]] Outcome list_consents(const ConsentsList& options, Context& context);
[[nodiscard]] Outcome start_consent(const ConsentsStart& options, Context& context);
[[nodiscard]] Outcome revoke_consents(const ConsentsRevoke& options, Context& context);

}  // namespace runagents::cli
