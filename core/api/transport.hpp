#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.hpp"

namespace runagents::api {

/// Header fields; names in lower case.
using Fields = std::vector<std::pair<std::string, std::string>>;

/// The first field of this (lower-case) name; empty when there is none.
[[nodiscard]] inline std::string_view field(const Fields& fields, std::string_view name) noexcept {
  for (const auto& [known, value] : fields) {
    if (known == name) return value;
  }
  return {};
}

/// One request of the management API. `target` is a path below the API's base with an optional query
/// ("/runs/01J.../events?after_seq=7"); `body` is JSON or empty.
struct Request {
  std::string method;
  std::string target;
  std::string body;
  Fields fields = {};
  bool at_most_once = false;  ///< doing it twice undoes it: a transport sends it one time and never again
};

struct Response {
  int status = 0;
  std::string body;
  Fields fields = {};  ///< Content-Type among them; none: JSON
};

/// How requests reach a control plane: in this process, or over HTTP. Blocking; one call at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// An error means that no answer came (ErrorCode::unavailable); an answer with any status is a Response.
  [[nodiscard]] virtual Result<Response> send(const Request& request) = 0;
};

}  // namespace runagents::api
