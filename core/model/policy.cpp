#include "core/model/policy.hpp"

namespace runagents::model {

std::string_view word(Permission permission) noexcept {
  switch (permission) {
    case Permission::allow:
      return "allow";
    case Permission::deny:
      return "deny";
    case Permission::approval_required:
      return "approval_required";
  }
  return "deny";
}

std::string_view word(ArgumentCondition::Operator op) noexcept {
  using enum ArgumentCondition::Operator;
  switch (op) {
    case eq:
      return "eq";
    case ne:
      return "ne";
    case in:
      return "in";
    case not_in:
      return "not_in";
    case prefix:
      return "prefix";
    case suffix:
      return "suffix";
    case contains:
      return "contains";
    case matches:
      return "matches";
    case lt:
      return "lt";
    case le:
      return "le";
    case gt:
      return "gt";
    case ge:
      return "ge";
    case exists:
      return "exists";
  }
  return "eq";
}

}  // namespace runagents::model
