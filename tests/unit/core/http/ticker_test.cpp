#include "core/http/ticker.hpp"

#include <doctest/doctest.h>
#include <memory>

using namespace runagents::http;

namespace {

class Watched final : public Ticking {
 public:
  Watched(Ticker& ticker, asio::io_context& context) : Ticking{ticker}, context_{context} {}
  int expirations = 0;
  int ticks = 0;

 private:
  void expired() override {
    ++expirations;
    context_.stop();
  }
  void tick() override { ++ticks; }
  asio::io_context& context_;
};

}  // namespace

TEST_CASE("an armed deadline expires once, and a disarmed one does not") {
  asio::io_context context;
  Ticker ticker{context};
  Watched armed{ticker, context};
  Watched disarmed{ticker, context};
  armed.arm(std::chrono::milliseconds{150});
  disarmed.arm(std::chrono::milliseconds{100});
  disarmed.disarm();
  context.run();
  CHECK(armed.expirations == 1);
  CHECK(disarmed.expirations == 0);
  CHECK(disarmed.ticks > 0);
}

TEST_CASE("the clock stops when nobody looks at it, and starts again") {
  asio::io_context context;
  Ticker ticker{context};
  {
    const Watched gone{ticker, context};
  }
  context.run();  // returns: nothing ticks
  context.restart();
  Watched late{ticker, context};
  late.arm(std::chrono::milliseconds{0});
  context.run();
  CHECK(late.expirations == 1);
}
