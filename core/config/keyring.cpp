#include "core/config/keyring.hpp"

#include <string>
#include <vector>

#include "core/config/command_output.hpp"

namespace runagents::config {

Result<Secret> secret_in_keyring(std::string_view place, std::chrono::milliseconds time_limit) {
  const auto slash = place.find('/');
  const std::string service{place.substr(0, slash)};
  const std::string account{place.substr(slash + 1)};
  for (const auto* attribute : {"username", "account"}) {
    const std::vector<std::string> command = {"secret-tool", "lookup", "service", service, attribute, account};
    auto text = command_output(command, {}, time_limit, max_secret_bytes);
    if (text && !text->empty()) return secret_in(*text);
    if (!text && text.error().code == ErrorCode::not_found) {
      return fail(ErrorCode::unavailable, "needs the program secret-tool, which is not installed",
                  "apt install libsecret-tools");
    }
  }
  return fail(ErrorCode::not_found, "leads to nothing in the keyring, or the keyring is locked",
              "store it with: secret-tool store --label=LABEL service " + service + " username " + account);
}

}  // namespace runagents::config
