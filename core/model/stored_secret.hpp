#pragma once

#include <string>

#include "core/model/approval.hpp"

namespace runagents::model {

/// What may be known of a secret in the store; its value is not part of it.
struct StoredSecret {
  std::string name;
  Time created_at;
  Time updated_at;
};

}  // namespace runagents::model
