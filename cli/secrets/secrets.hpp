#pragma once

#include <string>
#include <vector>

#include "cli/context.hpp"

namespace runagents::cli {

// `runagents secrets`: the encrypted store. An agent that reaches this program inside its run is refused.

struct SecretsSet {
  std::string name = {};
  bool dry_run = false;
};
[[nodiscard]] Outcome set_secret(const SecretsSet& options, Context& context);

[[nodiscard]] Outcome list_secrets(Context& context);

struct SecretsGet {
  std::string name = {};
  bool reveal = false;
};
/// What is known of a secret; with `reveal` its value alone, followed by a line feed.
[[nodiscard]] Outcome get_secret(const SecretsGet& options, Context& context);

struct SecretsDelete {
  std::vector<std::string> names = {};
  bool yes = false;
  bool dry_run = false;
};
[[nodiscard]] Outcome delete_secrets(const SecretsDelete& options, Context& context);

/// Seals everything under a new key.
[[nodiscard]] Outcome rotate_store_key(bool dry_run, Context& context);

}  // namespace runagents::cli
