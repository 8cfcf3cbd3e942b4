#include "cli/advice.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/http/fetch.hpp"

namespace runagents::cli {
namespace {

struct Advice {
  std::string_view reason;
  std::string_view what;  ///< where the server does not say it
  std::string_view commands;
};

constexpr std::array advice = {
    Advice{"no_delegation", "the user has to delegate to the account", "runagents delegations create ACCOUNT"},
    Advice{"no_credentials", "a user has to connect to the server, and to grant its use to the account",
           "runagents servers connect SERVER, runagents grants create ACCOUNT SERVER"},
    Advice{"oauth_session_not_found", "the grantor has to connect again", "runagents servers connect SERVER"},
    Advice{"oauth_session_expired", "the grantor has to connect again", "runagents servers connect SERVER"},
    Advice{http::untrusted_certificate, "an authority of your own has to be named",
           "runagents context add NAME URL --ca-file FILE, or the variable RUNAGENTS_CA_FILE"}};

}  // namespace

Error with_advice(Error error, const Connection& connection) {
  if (connection.is_local()) return error;
  const bool has_credential = connection.credential || connection.session;
  if (error.code == ErrorCode::unauthenticated && !has_credential && error.reason != "invalid_client") {
    error.hint = "log in: runagents login, or keep an API key: runagents config set api-key";
    return error;
  }
  const auto* known = std::ranges::find(advice, error.reason, &Advice::reason);
  if (known == advice.end()) return error;
  if (error.hint.empty()) error.hint = known->what;
  error.hint.append(": ").append(known->commands);
  return error;
}

}  // namespace runagents::cli
