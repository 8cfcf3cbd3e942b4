#include "server/bootstrap.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/config/private_file.hpp"
#include "server/request_id.hpp"
#include "server/services.hpp"

namespace runagents::server {

Result<std::optional<Administrator>> make_first_administrator(Plane& plane, const std::string& email) {
  auto& services = plane.services();
  const auto is_new = services.users.empty();
  if (!is_new) return std::unexpected(is_new.error());
  if (!*is_new) return std::nullopt;
  const Principal owner{.kind = Principal::Kind::local, .role = Role::admin};
  const Actor actor{owner, request_id_of({})};
  model::User wanted;
  wanted.email = email;
  wanted.role = Role::admin;
  const auto user = services.users.create(actor, std::move(wanted));
  // Another replica on the same store was quicker.
  if (!user && user.error().code == ErrorCode::conflict) return std::nullopt;
  if (!user) return std::unexpected(user.error());
  auto key = services.api_keys.create(actor, {.name = "first administrator", .user = user->id});
  if (!key) return std::unexpected(std::move(key.error()));
  return Administrator{user->id, user->email, std::move(key->value)};
}

Result<void> write_bootstrap_file(const std::filesystem::path& file, const std::string& endpoint,
                                  const Administrator& administrator) {
  nlohmann::ordered_json json = {{"endpoint", endpoint},
                                 {"user_id", administrator.user_id},
                                 {"email", administrator.email},
                                 {"api_key", administrator.api_key.reveal()}};
  return config::replace_private_file(file, json.dump() + "\n");
}

}  // namespace runagents::server
