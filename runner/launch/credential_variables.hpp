#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "core/model/project.hpp"

namespace runagents::launch {

/// Whether a variable hands over a credential, going by its name and its value: well-known ones (AWS_ACCESS_KEY_ID,
/// SSH_AUTH_SOCK, ...), names that read like one (audit::looks_secret, "PRIVATE_KEY", "PASSWD", ...), everything that
/// configures runagents itself (RUNAGENTS_*, RUNLAYER_*), and URLs with a password in them.
[[nodiscard]] bool is_credential(std::string_view name, std::string_view value);

/// The variables that secret references of the project read (`env:NAME`, in tools and providers), and those in which
/// tools of AWS find credentials by themselves.
[[nodiscard]] std::set<std::string> referenced_variables(const model::Project& project);

/// The values of those variables, as far as they are long enough to be recognised inside other values.
[[nodiscard]] std::set<std::string> referenced_values(const std::map<std::string, std::string>& inherited,
                                                      const std::set<std::string>& names);

/// Whether one of `secrets` occurs in `value`.
[[nodiscard]] bool contains_any(std::string_view value, const std::set<std::string>& secrets);

}  // namespace runagents::launch
