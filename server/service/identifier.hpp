#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model/approval.hpp"

namespace soci {
class session;
}

namespace runagents::server {

/// A random UUID (RFC 9562, version 4).
[[nodiscard]] Result<std::string> new_uuid();

/// A UUID that sorts behind those that were made before: a time and random bits (RFC 9562, version 7, with fractions of
/// a millisecond by section 6.2, method 3). Its beginning tells nothing apart, so it is for what nobody types.
[[nodiscard]] Result<std::string> new_ordered_uuid(std::chrono::system_clock::time_point now);

/// What names an object, as the store has it: an id in lower case, whatever the case in which it was written (RFC 9562,
/// section 4); everything else as it is.
[[nodiscard]] std::string reference(std::string_view id_or_name);
/// Whether a text has the form of the ids that `new_uuid` makes: lower case, with hyphens.
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;

/// ErrorCode::not_found for what nothing has as its id or name.
[[nodiscard]] std::unexpected<Error> no_such(std::string_view noun, std::string_view id_or_name);

/// A digest that is equal exactly for equal actions of the same user's runs (empty: of the owner of the embedded
/// store): lower-case hexadecimal SHA-256.
[[nodiscard]] Result<std::string> action_id(const model::Action& action, std::string_view requested_by = {});

/// A kind of object that is looked up by id.
struct Kind {
  std::string_view noun;   ///< for messages: "run"
  std::string_view table;  ///< a literal of this program
};
inline constexpr Kind runs_kind{"run", "runs"};
inline constexpr Kind requests_kind{"approval request", "approval_requests"};
inline constexpr Kind consents_kind{"consent", "consents"};
inline constexpr Kind grants_kind{"approval grant", "approval_grants"};

/// The full id that `id` is, or is an unambiguous prefix of (at least four characters). Ids consist of letters, digits
/// and hyphens; case does not matter for a prefix. Throws soci::soci_error.
[[nodiscard]] Result<std::string> resolve_id(soci::session& session, const Kind& kind, std::string_view id);

}  // namespace runagents::server
