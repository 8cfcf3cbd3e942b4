#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "runner/loop.hpp"

namespace runagents::bench {
class Player;
}

/// A step of a player; has a name for a profiler, which leaves it out.
extern "C" void runagents_bench_play(runagents::bench::Player& player);

namespace runagents::bench {

/// One end of a connection that says always the same: waits in the loop until something has come, reads it, and calls
/// `heard` when it ends as expected. It allocates nothing and leaves the loop's store of memory alone, so that what is
/// measured there is the engine's.
class Player {
 public:
  /// `descriptor` is a socket, which becomes this object's. `end` is how a whole message ends.
  Player(Loop& loop, int descriptor, std::string end);

  void say(std::string_view text);
  void listen();
  std::function<void()> heard;

 private:
  using Descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  friend void ::runagents_bench_play(Player& player);

  Descriptor descriptor_;
  std::string end_;
  std::string received_;
  alignas(std::max_align_t) std::byte memory_[512]{};
};

}  // namespace runagents::bench
