#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::policy {

/// Of what kind a subject of a policy is.
enum class SubjectKind : std::uint8_t { everyone, agent, account, user, group, role, attribute };

/// Whether the kind describes an end user, and not the agent.
[[nodiscard]] constexpr bool is_of_user(SubjectKind kind) noexcept {
  return kind == SubjectKind::user || kind == SubjectKind::group || kind == SubjectKind::role ||
         kind == SubjectKind::attribute;
}

/// To whom a policy applies: a fact about the caller, as a view. What is compared is the text, byte by byte.
struct Subject {
  SubjectKind kind = SubjectKind::everyone;
  std::string_view text;  ///< name, id or e-mail address; of an attribute "NAME=VALUE"; of everyone nothing

  bool operator==(const Subject&) const = default;
};

/// "everyone", "agent:NAME", "account:NAME-or-ID", "user:EMAIL-or-ID", "group:NAME", "role:NAME",
/// "attribute:NAME=VALUE". The result is a view into `text`.
[[nodiscard]] Result<Subject> parse_subject(std::string_view text);

}  // namespace runagents::policy
