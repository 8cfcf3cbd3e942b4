#pragma once

#include <span>
#include <string>
#include <string_view>

namespace runagents::cli {

/// A name for a tool at this host that reads like it, and that is none of `taken`, in the spelling of variables either:
/// "api.example.com" becomes "api-example-com".
[[nodiscard]] std::string tool_name_for(std::string_view host, std::span<const std::string> taken);

/// A name for an operation: "get_charges_id" for GET and "/charges/{id}"; none of `taken`.
[[nodiscard]] std::string capability_name_for(std::string_view method, std::string_view pattern,
                                              std::span<const std::string> taken);

}  // namespace runagents::cli
