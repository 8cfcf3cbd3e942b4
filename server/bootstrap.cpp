#include "server/bootstrap.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/config/private_file.hpp"
#include "server/request_id.hpp"
#include "server/services.hpp"

namespace runagents::server {

namespace {

/// The administrator whom this start, one that was cut off, or another replica has made; nothing when the store has
/// users and this is not one of them.
Result<std::optional<model::User>> first_user(Services& services, const Actor& actor, const std::string& email) {
  const auto is_new = services.users.empty();
  if (!is_new) return std::unexpected(is_new.error());
  if (*is_new) {
    model::User wanted;
    wanted.email = email;
    wanted.role = Role::admin;
    auto made = services.users.create(actor, std::move(wanted));
    if (made || made.error().code != ErrorCode::conflict) return made;
  }
  auto user = services.users.find_email(email);
  if (user && *user && ((*user)->role != Role::admin || !(*user)->is_active)) return std::nullopt;
  return user;
}

}  // namespace

Result<std::optional<Administrator>> make_first_administrator(Plane& plane, const std::string& email,
                                                              const Deliver& deliver) {
  auto& services = plane.services();
  const auto is_new = services.api_keys.empty();
  if (!is_new) return std::unexpected(is_new.error());
  if (!*is_new) return std::nullopt;
  const Principal owner{.kind = Principal::Kind::local, .role = Role::admin};
  const Actor actor{owner, request_id_of({})};
  const auto user = first_user(services, actor, email);
  if (!user) return std::unexpected(user.error());
  if (!*user) return std::nullopt;
  auto key = services.api_keys.create_first(actor, {.name = "first administrator", .user = (*user)->id},
                                            [&](const CreatedApiKey& made) { return deliver(**user, made.value); });
  if (!key) return std::unexpected(std::move(key.error()));
  if (!*key) return std::nullopt;
  return Administrator{(*user)->id, (*user)->email, std::move((*key)->value)};
}

Result<void> write_bootstrap_file(const std::filesystem::path& file, const std::string& endpoint,
                                  const model::User& administrator, const config::Secret& api_key) {
  nlohmann::ordered_json json = {{"endpoint", endpoint},
                                 {"user_id", administrator.id},
                                 {"email", administrator.email},
                                 {"api_key", api_key.reveal()}};
  return config::replace_private_file(file, json.dump() + "\n");
}

}  // namespace runagents::server
