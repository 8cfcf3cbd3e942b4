#include "runner/egress/peer.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <filesystem>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runner/launch/process_tree.hpp"
#include "runner/launch/tree_signals.hpp"

using namespace runagents;
using namespace runagents::egress;

namespace {

boost::asio::ip::tcp::endpoint endpoint_of(const sockaddr_in& address) {
  return {boost::asio::ip::address_v4{ntohl(address.sin_addr.s_addr)}, ntohs(address.sin_port)};
}

Result<Peer> trace_here(const sockaddr_in& local, const sockaddr_in& remote, pid_t root, pid_t likely = 0) {
  const int diagnostics = open_socket_diagnostics();
  auto peer = trace_peer(endpoint_of(local), endpoint_of(remote), root, diagnostics, likely);
  ::close(diagnostics);
  return peer;
}

/// A listening socket on the loopback, and the connections it got.
class Door {
 public:
  Door() : listener_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    ::listen(listener_, 64);
    socklen_t size = sizeof address_;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &size);
  }
  ~Door() {
    ::close(listener_);
    ::close(connection_);
  }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  [[nodiscard]] int port() const { return ntohs(address_.sin_port); }
  /// `own_port`: where other connections of this machine may be as well, when it is 0.
  int connect(std::uint16_t own_port = 0) const {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    if (own_port != 0) {
      sockaddr_in own = {};
      own.sin_family = AF_INET;
      own.sin_port = htons(own_port);
      static_cast<void>(::bind(client, reinterpret_cast<const sockaddr*>(&own), sizeof own));
    }
    ::connect(client, reinterpret_cast<const sockaddr*>(&address_), sizeof address_);
    return client;
  }
  void accept() {
    socklen_t size = sizeof remote_;
    connection_ = ::accept(listener_, reinterpret_cast<sockaddr*>(&remote_), &size);
    size = sizeof local_;
    ::getsockname(connection_, reinterpret_cast<sockaddr*>(&local_), &size);
  }
  [[nodiscard]] Result<Peer> trace(pid_t root, pid_t likely = 0) const {
    return trace_here(local_, remote_, root, likely);
  }
  void greet() const { static_cast<void>(!::write(connection_, "x", 1)); }
  /// Blocks until the client has closed.
  void wait_for_close() const {
    char byte = 0;
    while (::read(connection_, &byte, 1) > 0) {
    }
  }

 private:
  int listener_;
  int connection_ = -1;
  sockaddr_in address_{};
  sockaddr_in local_{};
  sockaddr_in remote_{};
};

/// A run in small: a root that adopts orphans, and below it a process that does `work` and stays.
class Tree {
 public:
  template <class Work>
  explicit Tree(Work work) : root_{::fork()} {
    if (root_ == 0) {
      ::prctl(PR_SET_CHILD_SUBREAPER, 1);
      if (::fork() == 0) {
        work();
      }
      stay();
    }
  }
  ~Tree() {
    while (launch::kill_tree_once(root_) > 0) {
      ::usleep(1000);
    }
    ::kill(root_, SIGKILL);
    ::waitpid(root_, nullptr, 0);
  }
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;

  [[nodiscard]] pid_t root() const { return root_; }

  [[noreturn]] static void stay() {
    while (true) {
      // Ends by itself, should nobody be left to end it: it holds the test's output open.
      ::alarm(20);
      ::pause();
    }
  }

 private:
  pid_t root_;
};

std::string own_program() { return std::filesystem::read_symlink("/proc/self/exe"); }

void check_refused(const Result<Peer>& peer, const std::string& reason) {
  REQUIRE_FALSE(peer.has_value());
  CHECK(peer.error().code == ErrorCode::forbidden);
  CHECK_MESSAGE(peer.error().message.find(reason) != std::string::npos, peer.error().message);
}

/// Looks again every millisecond until the condition holds.
template <class Condition>
bool comes_true(Condition condition) {
  for (int waited = 0; waited < 10'000 && !condition(); ++waited) {
    ::usleep(1000);
  }
  return condition();
}

constexpr auto* not_ours = "does not belong to this run";
constexpr auto* closed = "closed already";

}  // namespace

TEST_CASE("a connection from inside is traced to its process and program") {
  Door door;
  const Tree tree{[&] { door.connect(); }};
  door.accept();
  const auto peer = door.trace(tree.root());
  REQUIRE(peer.has_value());
  CHECK(launch::read_process(peer->pid)->parent == tree.root());
  CHECK(peer->exe == own_program());
}

TEST_CASE("a connection from outside the tree is refused") {
  Door door;
  const Tree tree{[] {}};
  const int client = door.connect();
  door.accept();
  check_refused(door.trace(tree.root()), not_ours);
  ::close(client);
}

TEST_CASE("a connection from another run is refused") {
  Door door;
  const Tree other{[&] { door.connect(); }};
  const Tree tree{[] {}};
  door.accept();
  check_refused(door.trace(tree.root()), not_ours);
  const auto peer = door.trace(other.root());
  REQUIRE(peer.has_value());
  check_refused(door.trace(tree.root(), peer->pid), not_ours);
}

TEST_CASE("whoever is likely has to hold the connection as any other") {
  Door door;
  const Tree tree{[&] { door.connect(); }};
  door.accept();
  const auto peer = door.trace(tree.root());
  REQUIRE(peer.has_value());
  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  // Who holds it; one that does not; the root; nobody.
  for (const pid_t likely : {peer->pid, ::getpid(), tree.root(), gone, -1}) {
    const auto again = door.trace(tree.root(), likely);
    REQUIRE(again.has_value());
    CHECK(again->pid == peer->pid);
    CHECK(again->exe == own_program());
  }
}

TEST_CASE("the root of the tree is not inside") {
  Door door;
  const pid_t root = ::fork();
  if (root == 0) {
    door.connect();
    Tree::stay();
  }
  door.accept();
  check_refused(door.trace(root), not_ours);
  ::kill(root, SIGKILL);
  ::waitpid(root, nullptr, 0);
}

TEST_CASE("a process is recognised after it executed another program") {
  Door door;
  const Tree tree{[&] {
    door.connect();
    ::execlp("sleep", "sleep", "1000", nullptr);
  }};
  door.accept();
  CHECK(comes_true([&] {
    const auto peer = door.trace(tree.root());
    return peer && peer->exe.ends_with("/sleep");
  }));
}

TEST_CASE("an orphaned grandchild in a session of its own is inside") {
  Door door;
  const Tree tree{[&] {
    const pid_t middle = ::fork();
    if (middle == 0) {
      if (::fork() == 0) {
        ::setsid();
        while (::getppid() == middle) {
        }
        door.connect();
        Tree::stay();
      }
      ::_exit(0);
    }
    ::waitpid(middle, nullptr, 0);
  }};
  door.accept();
  CHECK(door.trace(tree.root()).has_value());
}

TEST_CASE("a connection is traced to whoever still holds it") {
  Door door;
  const Tree tree{[&] {
    const int client = door.connect();
    if (::fork() == 0) {
      ::setsid();
      Tree::stay();
    }
    ::close(client);
    ::_exit(0);
  }};
  door.accept();
  CHECK(comes_true([&] {
    const auto peer = door.trace(tree.root());
    return peer && ::getsid(peer->pid) == peer->pid;
  }));
}

TEST_CASE("a connection that a process inside holds together with one outside passes") {
  Door door;
  const int client = door.connect();
  door.accept();
  const Tree tree{[] {}};
  CHECK(comes_true([&] { return door.trace(tree.root()).has_value(); }));
  ::close(client);
}

TEST_CASE("a thread with descriptors of its own is found") {
  Door door;
  const Tree tree{[&] {
    std::thread{[&] {
      ::unshare(CLONE_FILES);
      door.connect();
      Tree::stay();
    }}.join();
  }};
  door.accept();
  CHECK(door.trace(tree.root()).has_value());
}

TEST_CASE("a process whose main thread has ended is found") {
  Door door;
  const Tree tree{[&] {
    std::thread{[&] {
      while (launch::read_process(::getpid())->state != 'Z') {
      }
      door.connect();
      Tree::stay();
    }}.detach();
    // Ends this thread only.
    ::syscall(SYS_exit, 0);
  }};
  door.accept();
  CHECK(door.trace(tree.root()).has_value());
}

TEST_CASE("a process with many descriptors is found") {
  Door door;
  const Tree tree{[&] {
    for (int count = 0; count < 800; ++count) {
      static_cast<void>(::open("/dev/null", O_RDONLY));
    }
    door.connect();
  }};
  door.accept();
  CHECK(door.trace(tree.root()).has_value());
}

TEST_CASE("an IPv6 socket that speaks IPv4 is found") {
  Door door;
  const Tree tree{[&] {
    const int client = ::socket(AF_INET6, SOCK_STREAM, 0);
    sockaddr_in6 address = {};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(static_cast<std::uint16_t>(door.port()));
    ::inet_pton(AF_INET6, "::ffff:127.0.0.1", &address.sin6_addr);
    ::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  }};
  door.accept();
  CHECK(door.trace(tree.root()).has_value());
}

TEST_CASE("a connection that its client has closed is refused") {
  Door door;
  const Tree tree{[&] { ::close(door.connect()); }};
  door.accept();
  door.wait_for_close();
  check_refused(door.trace(tree.root()), closed);
}

TEST_CASE("a client that has ended is refused") {
  Door door;
  const Tree tree{[&] {
    door.connect();
    ::_exit(0);
  }};
  door.accept();
  door.wait_for_close();
  check_refused(door.trace(tree.root()), closed);
}

TEST_CASE("a socket inside that listens on the port of a closed connection does not vouch for it") {
  Door door;
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const Tree tree{[&] {
    const auto below_the_ephemeral_ports = static_cast<std::uint16_t>(10'000 + ::getpid() % 20'000);
    const int client = door.connect(below_the_ephemeral_ports);
    sockaddr_in own = {};
    socklen_t size = sizeof own;
    ::getsockname(client, reinterpret_cast<sockaddr*>(&own), &size);
    // Closing with a reset leaves nothing of the connection behind.
    const linger reset{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    char accepted = 0;
    static_cast<void>(!::read(client, &accepted, 1));
    ::close(client);
    const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
    const bool listens =
        ::bind(listener, reinterpret_cast<const sockaddr*>(&own), sizeof own) == 0 && ::listen(listener, 1) == 0;
    static_cast<void>(!::write(ready[1], listens ? "1" : "0", 1));
  }};
  door.accept();
  door.greet();
  char listens = 0;
  REQUIRE(::read(ready[0], &listens, 1) == 1);
  CHECK(listens == '1');
  check_refused(door.trace(tree.root()), closed);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("addresses that no connection has are refused") {
  sockaddr_in nowhere = {};
  nowhere.sin_family = AF_INET;
  nowhere.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  nowhere.sin_port = htons(1);
  check_refused(trace_here(nowhere, nowhere, ::getpid()), closed);
}
