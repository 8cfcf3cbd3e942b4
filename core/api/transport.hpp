#pragma once

#include <string>

#include "core/error.hpp"

namespace runagents::api {

/// One request of the management API. `target` is a path below the API's base with an optional query
/// ("/runs/01J.../events?after_seq=7"); `body` is JSON or empty.
struct Request {
  std::string method;
  std::string target;
  std::string body;
};

struct Response {
  int status = 0;
  std::string body;
};

/// How requests reach a control plane: in this process, or over HTTP. Blocking; one call at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  /// An error means that no answer came (ErrorCode::unavailable); an answer with any status is a Response.
  [[nodiscard]] virtual Result<Response> send(const Request& request) = 0;
};

}  // namespace runagents::api
