#include "runner/launch/process_tree.hpp"

#include <algorithm>
#include <csignal>
#include <doctest/doctest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

#include "runner/launch/tree_signals.hpp"
#include "tests/unit/runner/launch/scratch.hpp"

using namespace runagents::launch;
using namespace runagents::launch::test;

namespace {

bool contains(const std::vector<Process>& processes, pid_t pid) {
  return std::ranges::find(processes, pid, &Process::pid) != processes.end();
}

/// A child that waits to be killed.
pid_t waiting_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    while (true) {
      ::pause();
    }
  }
  return child;
}

void end(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

}  // namespace

TEST_CASE("a program's name may look like the rest of the line") {
  const auto process =
      parse_process("42 (evil) R 1 (x) S 7 42 42 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 3 0 987654321 1000 1 2 3\n");
  REQUIRE(process.has_value());
  CHECK(process->pid == 42);
  CHECK(process->parent == 7);
  CHECK(process->group == 42);
  CHECK(process->state == 'S');
  CHECK(process->threads == 3);
  CHECK(process->start == 987654321);
}

TEST_CASE("text that is no stat line is nothing") {
  for (const auto* text :
       {"", "42", "42 (x", "42 (x)", "42 (x) S", "42 (x) S 1", "x (y) S 1 2 3", "42 (x) S 1 2 3 4"}) {
    CHECK_FALSE(parse_process(text).has_value());
  }
}

TEST_CASE("a zombie whose threads still run is alive") {
  CHECK(Process{.threads = 1, .state = 'Z'}.is_dead());
  CHECK_FALSE(Process{.threads = 2, .state = 'Z'}.is_dead());
  CHECK_FALSE(Process{.threads = 1, .state = 'S'}.is_dead());
}

TEST_CASE("this process reads as itself") {
  const auto self = read_process(::getpid());
  REQUIRE(self.has_value());
  CHECK(self->pid == ::getpid());
  CHECK(self->parent == ::getppid());
  CHECK(self->state == 'R');
  CHECK_FALSE(read_process(0x7fffffff).has_value());
}

TEST_CASE("a child is below, a parent and the process itself are not") {
  const pid_t child = waiting_child();
  CHECK(contains(descendants(::getpid()), child));
  CHECK(is_descendant(child, ::getpid()));
  CHECK_FALSE(is_descendant(::getpid(), ::getpid()));
  CHECK_FALSE(is_descendant(::getppid(), ::getpid()));
  CHECK_FALSE(contains(descendants(::getpid()), ::getpid()));
  end(child);
  CHECK_FALSE(is_descendant(child, ::getpid()));
}

TEST_CASE("a group with a member outside the tree is not a group of the tree") {
  const pid_t alone = waiting_child();
  const pid_t shared = waiting_child();
  ::setpgid(alone, alone);
  const auto is_below = [](pid_t group) { return std::ranges::count(groups_below(::getpid()), group) == 1; };
  CHECK(is_below(alone));
  CHECK(::getpgid(shared) == ::getpgrp());
  CHECK_FALSE(is_below(::getpgrp()));
  end(shared);
  end(alone);
  CHECK_FALSE(is_below(alone));
}

TEST_CASE("a signal never hits a process that got the pid of the one it was meant for") {
  const pid_t child = waiting_child();
  auto process = read_process(child);
  REQUIRE(process.has_value());
  process->start += 1;
  CHECK_FALSE(send_signal(*process, SIGKILL));
  process->start -= 1;
  CHECK(send_signal(*process, SIGKILL));
  CHECK(::waitpid(child, nullptr, 0) == child);
  CHECK_FALSE(send_signal(*process, SIGKILL));
}

TEST_CASE("a process whose main thread has ended is still ended with its tree") {
  const pid_t child = ::fork();
  if (child == 0) {
    std::thread{[] {
      while (true) {
        ::pause();
      }
    }}.detach();
    // Ends this thread only.
    ::syscall(SYS_exit, 0);
  }
  REQUIRE(comes_true([&] { return read_process(child)->state == 'Z'; }));
  CHECK_FALSE(read_process(child)->is_dead());
  CHECK(kill_tree_once(::getpid()) >= 1);
  CHECK(::waitpid(child, nullptr, 0) == child);
}
