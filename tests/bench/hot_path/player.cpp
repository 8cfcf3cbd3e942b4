#include "tests/bench/hot_path/player.hpp"

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/bind_allocator.hpp>

namespace runagents::bench {
namespace {

constexpr std::size_t room = 512;

/// The one block that a waiting player needs.
template <class T>
struct OneBlock {
  using value_type = T;
  std::byte* memory;

  explicit OneBlock(std::byte* block) : memory{block} {}
  template <class U>
  OneBlock(const OneBlock<U>& other) : memory{other.memory} {}  // NOLINT(google-explicit-constructor)

  T* allocate(std::size_t count) {
    if (count * sizeof(T) > room) throw std::bad_alloc{};
    return reinterpret_cast<T*>(memory);
  }
  void deallocate(T* /*block*/, std::size_t /*count*/) {}
  bool operator==(const OneBlock&) const = default;
};

}  // namespace

Player::Player(Loop& loop, int descriptor, std::string end) : descriptor_{loop, descriptor}, end_{std::move(end)} {
  received_.reserve(std::size_t{64} << 10U);
}

void Player::say(std::string_view text) {
  if (::send(descriptor_.native_handle(), text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size())) {
    throw std::runtime_error{"a player could not say everything at once"};
  }
}

void Player::listen() {
  descriptor_.async_wait(Descriptor::wait_read, boost::asio::bind_allocator(OneBlock<std::byte>{memory_},
                                                                            [this](boost::system::error_code error) {
                                                                              if (!error) runagents_bench_play(*this);
                                                                            }));
}

}  // namespace runagents::bench

[[gnu::noinline]] void runagents_bench_play(runagents::bench::Player& player) {
  std::array<char, 16384> piece;
  const auto size = ::recv(player.descriptor_.native_handle(), piece.data(), piece.size(), MSG_DONTWAIT);
  if (size == 0) throw std::runtime_error{"a connection was closed after: " + player.received_};
  if (size > 0) player.received_.append(piece.data(), static_cast<std::size_t>(size));
  if (player.received_.ends_with(player.end_)) {
    player.heard();
    player.received_.clear();
  }
  player.listen();
}
