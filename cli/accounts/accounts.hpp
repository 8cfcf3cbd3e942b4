#pragma once

#include <chrono>
#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

struct AccountCreate {
  std::string name = {};
  std::string description = {};
  std::string secret_file = {};
  bool store = false;
  bool dry_run = false;
};

struct AccountUpdate {
  std::string name = {};
  std::string new_name = {};
  std::string description = {};
  bool dry_run = false;
};

struct AccountRotate {
  std::string name = {};
  std::chrono::seconds grace{0};
  std::string secret_file = {};
  bool store = false;
  bool yes = false;
  bool dry_run = false;
};

struct AccountRemember {
  std::string name = {};
  std::string client_id = {};
  std::string client_secret = "-";
  bool dry_run = false;
};

[[nodiscard]] Outcome create_account(const AccountCreate& options, Context& context);
[[nodiscard]] Outcome update_account(const AccountUpdate& options, Context& context);
[[nodiscard]] Outcome rotate_account_secret(const AccountRotate& options, Context& context);
/// Puts the client id and secret of an account into the encrypted store of this machine, for token, exec and run.
[[nodiscard]] Outcome remember_account(const AccountRemember& options, Context& context);

}  // namespace runagents::cli
