#include "core/http/buffer.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>

using namespace runagents::http;

namespace {

void put(Buffer& buffer, const std::string& text) {
  auto room = buffer.writable(text.size());
  std::ranges::copy(text, room.begin());
  buffer.commit(text.size());
}

}  // namespace

TEST_CASE("bytes come out of a buffer as they went in, over growth and moves") {
  Buffer buffer;
  std::string expected;
  for (int round = 0; round < 200; ++round) {
    const std::string text(static_cast<std::size_t>(round * 13 % 97 + 1), static_cast<char>('a' + round % 26));
    put(buffer, text);
    expected += text;
    const auto take = std::min<std::size_t>(static_cast<std::size_t>(round * 7 % 89), expected.size());
    buffer.consume(take);
    expected.erase(0, take);
    REQUIRE(buffer.readable() == expected);
  }
}

TEST_CASE("an empty buffer that has grown gives its memory back when it rests") {
  Buffer buffer;
  buffer.reserve(Buffer::streaming_bytes);
  put(buffer, "x");
  buffer.rest();
  CHECK(buffer.capacity() == Buffer::streaming_bytes);
  buffer.consume(1);
  buffer.rest();
  CHECK(buffer.capacity() == 0);
}

TEST_CASE("a buffer begins with what it was told, and rests with it") {
  Buffer buffer{64};
  put(buffer, "x");
  CHECK(buffer.capacity() == 64);
  buffer.consume(1);
  buffer.rest();
  CHECK(buffer.capacity() == 64);
  put(buffer, std::string(65, 'x'));
  CHECK(buffer.capacity() == 128);
  buffer.consume(65);
  buffer.rest();
  CHECK(buffer.capacity() == 0);
}
