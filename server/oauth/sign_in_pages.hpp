#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/routes/router.hpp"

namespace runagents::server {

/// Asks for an API key, and on a device's behalf for its user code.
struct SignInPage {
  std::string sealed;  ///< the state
  std::string client;  ///< what it calls itself; empty: not known before the user code is
  bool asks_for_code = false;
  std::string user_code = {};  ///< filled in already
  std::string trouble = {};    ///< why it is shown again
  std::string form_target = {};
};
[[nodiscard]] Outgoing sign_in_page(const SignInPage& shown);

/// Shows what the client gets, and asks.
struct DecisionPage {
  std::string sealed;
  std::string client;
  bool is_own_client = false;  ///< this program's; any other one has chosen its name itself
  std::string email = {};      ///< who has signed in
  std::string role = {};
  std::vector<std::string> servers = {};  ///< names; empty: the whole instance
  std::string user_code = {};             ///< a device's
  std::string redirect_host = {};         ///< where the browser goes on to
  std::string form_target = {};
};
[[nodiscard]] Outgoing decision_page(const DecisionPage& shown);

/// The end, for who has decided about a device.
[[nodiscard]] Outgoing device_done_page(bool approved);

}  // namespace runagents::server
