#include "runner/launch/signals.hpp"

#include <array>
#include <cerrno>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runagents::launch {
namespace {

constexpr std::array watched = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGUSR1, SIGUSR2, SIGCONT};

bool is_ignored(int number) noexcept {
  struct sigaction action = {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Result<Signals> Signals::open() {
  sigset_t wanted;
  sigset_t before;
  sigemptyset(&wanted);
  for (const int number : watched) {
    // A blocked signal would be queued in spite of being ignored.
    if (!is_ignored(number)) {
      sigaddset(&wanted, number);
    }
  }
  ::pthread_sigmask(SIG_BLOCK, &wanted, &before);
  const int descriptor = ::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
  if (descriptor < 0) {
    const int error = errno;
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return fail(ErrorCode::internal, "cannot watch for signals: " + std::generic_category().message(error));
  }
  return Signals{descriptor, before};
}

Signals::Signals(Signals&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, before_{other.before_} {}

Signals::~Signals() {
  if (descriptor_ < 0) {
    return;
  }
  while (next()) {
  }
  ::close(descriptor_);
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

std::optional<int> Signals::next() noexcept {
  signalfd_siginfo news = {};
  if (::read(descriptor_, &news, sizeof news) != static_cast<ssize_t>(sizeof news)) {
    return std::nullopt;
  }
  return static_cast<int>(news.ssi_signo);
}

}  // namespace runagents::launch
