#pragma once

#include <boost/asio/io_context.hpp>

namespace runagents {

/// The runner's event loop. `abandon` destroys what still waits in it while everything that such work refers to is
/// alive; call it before destroying that.
class Loop : public boost::asio::io_context {
 public:
  Loop() : io_context{1} {}
  void abandon() { shutdown(); }
};

}  // namespace runagents
