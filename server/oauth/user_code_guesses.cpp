#include "server/oauth/user_code_guesses.hpp"

#include <string>

namespace runagents::server {
namespace {

constexpr const char* action = "login.wrong_user_code";

}  // namespace

Result<bool> UserCodeGuesses::may_try(const Principal& person) {
  const Principal reader{.kind = Principal::Kind::local, .role = Role::admin};
  const AuditFilter wrong{.action = action, .user = std::string{person.user_id()}, .from = model::now() - period};
  const auto found = audit_.list({.principal = reader}, wrong, {.limit = max_wrong});
  if (!found) return std::unexpected(found.error());
  return found->items.size() < max_wrong;
}

Result<void> UserCodeGuesses::note_wrong(const Actor& actor) {
  return audit_.add(actor, {.action = action, .outcome = "refused"});
}

}  // namespace runagents::server
