#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/principal.hpp"

namespace runagents::server {

class Router;

/// What the description of the API says of one route.
struct RouteFacts {
  std::string method;
  std::string path;  ///< with "{}" or "{name}" for a segment
  Access access = Access::any_agent;
  std::string summary;
  std::vector<std::string> query = {};  ///< names of parameters
  bool has_form = false;                ///< the body is a form; else JSON
  bool takes_idempotency_key = false;
};

/// The routes of a router, below `base`, but for those that a server has for nobody.
[[nodiscard]] std::vector<RouteFacts> facts_of(const Router& router, std::string_view base);

/// A document of OpenAPI 3.1.0 as JSON. `url`: the server's own, without a final "/".
[[nodiscard]] std::string openapi_document(const std::vector<RouteFacts>& routes, const std::string& url);

}  // namespace runagents::server
