#include "cli/descriptor_buffer.hpp"

#include <array>
#include <cerrno>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <ostream>
#include <string>
#include <thread>
#include <unistd.h>

using namespace runagents::cli;

TEST_CASE("everything arrives, in order, whatever the sizes of the pieces") {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  // Nobody reads at first, and the writer must not give up because of that.
  REQUIRE(::fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
  std::string sent;
  std::string received;
  std::thread reader;
  {
    DescriptorBuffer buffer{ends[1]};
    std::ostream out{&buffer};
    reader = std::thread{[&received, from = ends[0]] {
      std::array<char, 4096> block{};
      for (ssize_t size = 1; (size = ::read(from, block.data(), block.size())) > 0;) {
        received.append(block.data(), static_cast<std::size_t>(size));
      }
    }};
    for (std::size_t i = 0; i < 300; ++i) {
      const std::string piece(i * 7 % 1999, static_cast<char>('a' + i % 26));
      sent += piece;
      out << piece;
    }
    out.flush();
    CHECK(out.good());
    CHECK(buffer.error() == 0);
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  CHECK(received == sent);
}

TEST_CASE("the reason why something could not be written is kept") {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  DescriptorBuffer buffer{full};
  std::ostream out{&buffer};
  out << "text" << std::flush;
  CHECK_FALSE(out.good());
  CHECK(buffer.error() == ENOSPC);
  ::close(full);
}
