#include "core/policy/subject.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace runagents::policy {
namespace {

constexpr std::array<std::pair<std::string_view, SubjectKind>, 6> prefixes = {{{"agent:", SubjectKind::agent},
                                                                               {"account:", SubjectKind::account},
                                                                               {"user:", SubjectKind::user},
                                                                               {"group:", SubjectKind::group},
                                                                               {"role:", SubjectKind::role},
                                                                               {"attribute:", SubjectKind::attribute}}};

bool is_name_and_value(std::string_view text) noexcept {
  const auto equals = text.find('=');
  return equals != text.npos && equals > 0 && equals + 1 < text.size();
}

}  // namespace

Result<Subject> parse_subject(std::string_view text) {
  if (text == "everyone") return Subject{};
  const auto* found = std::ranges::find_if(prefixes, [&](const auto& one) { return text.starts_with(one.first); });
  if (found == prefixes.end()) {
    return fail(ErrorCode::configuration, "is not a subject",
                R"(write "everyone", or "agent:", "account:", "user:", "group:", "role:" or "attribute:" and a name)");
  }
  const auto rest = text.substr(found->first.size());
  if (rest.empty()) return fail(ErrorCode::configuration, "names nobody", {});
  if (found->second == SubjectKind::attribute && !is_name_and_value(rest)) {
    return fail(ErrorCode::configuration, "is not an attribute", R"(write it like "attribute:department=finance")");
  }
  return Subject{found->second, rest};
}

}  // namespace runagents::policy
