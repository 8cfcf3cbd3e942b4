#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/load/door.hpp"

namespace runagents::bench {

/// Connections that ask for the same, and what was measured of them. Methods throw std::runtime_error for what should
/// not happen, also where nothing comes for 10 s. The door outlives it.
class Lanes {
 public:
  Lanes(const Door& door, std::size_t count);
  ~Lanes();
  Lanes(const Lanes&) = delete;
  Lanes& operator=(const Lanes&) = delete;

  /// Each connection asks and is answered once; that is not counted.
  void open();
  /// In turn on each, for this time; `fresh`: on a new connection each time, which counts as well.
  void ask(bool fresh, std::chrono::duration<double> length);
  /// Asks on every connection and returns when each answer has begun, which may never end.
  std::size_t ask_for_ever();
  /// One answer on each connection, of events that say when they left: "data: NANOSECONDS". Only these are counted.
  void hear_events();

  [[nodiscard]] std::size_t reopened() const;
  /// See Connection::issuer.
  [[nodiscard]] std::string issuer() const { return lanes_.front()->connection.issuer(); }

  std::vector<double> times;  ///< microseconds, in the order in which answers, or events, came
  double seconds = 0;         ///< of the last measurement

 private:
  struct Lane {
    explicit Lane(const Door& door) : connection{door} {}
    Connection connection;
    std::chrono::steady_clock::time_point begun;
    std::chrono::steady_clock::time_point now;
    int watched = -1;
  };

  void begin(Lane& lane, bool fresh);
  void watch(Lane& lane, bool is_new);
  template <class Next>
  void run(Next next, std::vector<double>& found);

  int epoll_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace runagents::bench
