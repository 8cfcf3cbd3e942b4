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

}  // namespace runagents::model
