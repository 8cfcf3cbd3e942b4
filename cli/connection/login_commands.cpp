#include <memory>

#include "cli/connection/login.hpp"
#include "cli/groups.hpp"

namespace runagents::cli {

Command login_command() {
  auto options = std::make_shared<Login>();
  return {.name = "login",
          .summary = "log in to the control plane",
          .description =
              "Opens a browser, and keeps what comes back in the encrypted store; it is renewed when it ends. --device "
              "is for "
              "a machine\nwithout a browser: any other one will do.",
          .examples = {{"runagents login", "to the current context"},
                       {"runagents login --context prod --device", "over ssh"}},
          .flags = {switch_flag("device", "with a browser on another machine (RFC 8628)", options->device),
                    switch_flag("no-browser", "print the address only", options->no_browser),
                    {.name = "timeout",
                     .value = "TIME",
                     .summary = "how long to wait",
                     .binding = &options->timeout,
                     .choices = {},
                     .default_text = "5m"},
                    switch_flag("dry-run", "find out whether the server takes logins", options->dry_run)},
          .run = [options](Context& context) { return log_in(*options, context); }};
}

Command logout_command() {
  auto dry_run = std::make_shared<bool>(false);
  return {.name = "logout",
          .summary = "end the login to the control plane",
          .description = "Exits with 8 when the server could not be told; the tokens are deleted here then, too.",
          .examples = {{"runagents logout", "of the current context"}},
          .flags = {switch_flag("dry-run", "show what would be ended", *dry_run)},
          .run = [dry_run](Context& context) { return log_out(*dry_run, context); }};
}

Command whoami_command() {
  return {.name = "whoami",
          .summary = "show who you are to the control plane",
          .examples = {{"runagents whoami --fields email,role", "and what you may do"}},
          .prints_objects = true,
          .run = [](Context& context) { return who_am_i(context); }};
}

}  // namespace runagents::cli
