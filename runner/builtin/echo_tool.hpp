#pragma once

#include <memory>

#include "core/error.hpp"
#include "core/http/async.hpp"

namespace runagents::builtin {

/// The demo tool behind `base_url = "builtin://echo"`: an HTTP/1.1 server on a loopback port of its own that says what
/// it received. `POST /echo {"message": M}` answers `{"reply": M, "received": {...}}`; any other request answers with
/// `received` alone. Of credentials it says only whether one was there. Of the engine's thread.
class EchoTool {
 public:
  [[nodiscard]] static Result<std::unique_ptr<EchoTool>> start(http::asio::io_context& context);
  ~EchoTool();
  EchoTool(const EchoTool&) = delete;
  EchoTool& operator=(const EchoTool&) = delete;

  [[nodiscard]] http::tcp::endpoint endpoint() const;

 private:
  struct State;
  explicit EchoTool(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace runagents::builtin
