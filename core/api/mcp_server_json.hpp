#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"
#include "core/model/mcp_server.hpp"

namespace runagents::api {

/// A server as the API has it: `id`, `name`, `description`, `transport`, `url` or `command` (a list) and `environment`,
/// `auth_type` (none, api_key, oauth), `auth`, `has_secret`, `status`, `created_by`, `created_at`, `updated_at`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::McpServer& server);
/// Reads what the above writes. `transport` may be left out, since `url` or `command` says it; `command` may be a text,
/// which is split as a shell splits plain and quoted words. Absent or null members keep their defaults.
[[nodiscard]] Result<model::McpServer> mcp_server_from_json(const nlohmann::ordered_json& json);

/// The member `auth`: for api_key `header` or, for a command, `variable`, and `prefix`; for oauth `issuer`,
/// `authorization_url`, `token_url`, `revocation_url`, `client_id`, `scopes`, `audience`, `resource`; both: `ca_file`.
[[nodiscard]] nlohmann::ordered_json server_auth_json(const model::Auth& auth, model::McpTransport transport);
/// The same and the type from the members `auth_type` and `auth` of a server; a member that does not belong to the type
/// is an error. An API key stands in "Authorization: Bearer ..." unless another place is named.
[[nodiscard]] Result<model::Auth> server_auth_from_json(const nlohmann::ordered_json& server,
                                                        model::McpTransport transport);
/// The member `command`.
[[nodiscard]] Result<std::vector<std::string>> server_command_from_json(const nlohmann::ordered_json& server);

/// The words of `auth_type`: "none", "api_key", "oauth".
[[nodiscard]] std::string_view server_auth_word(model::AuthType type) noexcept;
[[nodiscard]] std::optional<model::AuthType> server_auth_type_of(std::string_view word) noexcept;

/// A user's OAuth session without its tokens: `id`, `server_id`, `user_id`, `scopes`, `status` ("active" or "expired"),
/// `can_refresh`, `created_at`, `updated_at`, `expires_at`.
[[nodiscard]] nlohmann::ordered_json to_json(const model::OAuthSession& session);
[[nodiscard]] Result<model::OAuthSession> oauth_session_from_json(const nlohmann::ordered_json& json);

}  // namespace runagents::api
