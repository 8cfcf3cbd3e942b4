#include "core/model/user.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace runagents::model {
namespace {

constexpr std::array<std::pair<Role, std::string_view>, 3> words = {
    {{Role::user, "user"}, {Role::developer, "developer"}, {Role::admin, "admin"}}};

}  // namespace

std::string_view word(Role role) noexcept { return words[static_cast<std::size_t>(role)].second; }

std::optional<Role> role_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(words, word, &decltype(words)::value_type::second);
  return found == words.end() ? std::nullopt : std::optional{found->first};
}

}  // namespace runagents::model
