#include "server/presented.hpp"

#include <algorithm>
#include <string>

#include "core/ascii.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view scheme = "bearer ";

/// The part of a field's value that is a credential; empty: it is of another kind.
std::string_view credential_in(std::string_view name, std::string_view value) {
  if (name != "authorization") return value;
  if (lowered(value.substr(0, scheme.size())) != scheme) return {};
  value.remove_prefix(scheme.size());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

}  // namespace

Result<std::vector<std::string_view>> presented_credentials(const api::Fields& fields) {
  std::vector<std::string_view> found;
  for (const std::string_view name : {"x-runlayer-api-key", "x-runagents-api-key", "authorization"}) {
    if (std::ranges::count(fields, name, [](const auto& field) -> std::string_view { return field.first; }) > 1) {
      return fail(ErrorCode::usage, "the header field " + std::string{name} + " came twice");
    }
    const auto credential = credential_in(name, api::field(fields, name));
    if (!credential.empty() && std::ranges::find(found, credential) == found.end()) found.push_back(credential);
  }
  return found;
}

}  // namespace runagents::server
