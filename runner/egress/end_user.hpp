#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/config/secret.hpp"

namespace runagents::egress {

/// An end user as the ingress came to know them. Immutable, shared by the calls that are made for them.
struct EndUser {
  std::string id;
  std::vector<std::string> groups;              ///< empty: not known
  std::shared_ptr<const config::Secret> token;  ///< the bearer token that they came with
};

}  // namespace runagents::egress
