#include "core/http/stream.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <boost/asio/buffer.hpp>

namespace runagents::http {
namespace {

error_code tls_error(int ssl_error, int saved_errno) {
  if (ssl_error == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  if (ssl_error == SSL_ERROR_SYSCALL && saved_errno != 0) return {saved_errno, boost::system::system_category()};
  // A stream that ends without close_notify may have been cut by somebody.
  return asio::error::connection_aborted;
}

bool wants_to_wait(int ssl_error) { return ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE; }

constexpr std::size_t one_record = 16 * 1024;

iovec as_part(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

/// Takes `size` bytes off the front.
void skip(std::span<std::string_view> parts, std::size_t size) {
  for (auto& part : parts) {
    const auto step = std::min(size, part.size());
    part.remove_prefix(step);
    size -= step;
  }
}

}  // namespace

Task<Stream::ReadResult> Stream::read_some(std::span<char> into) {
  if (ssl_) {
    const auto result = co_await read_tls(into);
    co_return result;
  }
  const auto [error, size] = co_await socket_.async_read_some(asio::buffer(into.data(), into.size()), by_value);
  co_return ReadResult{error, size};
}

Task<error_code> Stream::write(std::string_view first, std::string_view second, std::string_view third) {
  const auto written = begin_write(first, second, third);
  if (written) co_return *written;
  co_return co_await finish_write();
}

std::optional<error_code> Stream::begin_write(std::string_view first, std::string_view second, std::string_view third) {
  unsent_ = {first, second, third};
  if (!ssl_) return send_rest();
  if (first.size() + second.size() + third.size() <= one_record) {
    gathered_.assign(first).append(second).append(third);
    unsent_ = {gathered_, {}, {}};
  }
  return send_rest_tls();
}

Task<error_code> Stream::finish_write() {
  for (;;) {
    const auto error = co_await wait_for(ssl_ ? wanted_ : SSL_ERROR_WANT_WRITE);
    if (error) co_return error;
    if (const auto ended = ssl_ ? send_rest_tls() : send_rest()) co_return *ended;
  }
}

/// Straight to the kernel, which nearly always takes it all: an asynchronous write that completes at once would go
/// round the event loop, with a system call of its own, before its coroutine goes on.
std::optional<error_code> Stream::send_rest() {
  for (;;) {
    std::array<iovec, 3> parts{as_part(unsent_[0]), as_part(unsent_[1]), as_part(unsent_[2])};
    const auto whole = unsent_[0].size() + unsent_[1].size() + unsent_[2].size();
    if (whole == 0) return error_code{};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0 && static_cast<std::size_t>(sent) == whole) return error_code{};
    if (sent >= 0) {
      skip(unsent_, static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return std::nullopt;
    } else if (errno != EINTR) {
      return error_code{errno, boost::system::system_category()};
    }
  }
}

std::optional<error_code> Stream::send_rest_tls() {
  has_written_ = true;
  for (auto& part : unsent_) {
    while (!part.empty()) {
      ERR_clear_error();
      errno = 0;
      std::size_t size = 0;
      const int result = SSL_write_ex(ssl_.get(), part.data(), part.size(), &size);
      if (result == 1) {
        part.remove_prefix(size);
        continue;
      }
      const int saved_errno = errno;
      wanted_ = SSL_get_error(ssl_.get(), result);
      if (!wants_to_wait(wanted_)) return tls_error(wanted_, saved_errno);
      return std::nullopt;
    }
  }
  return error_code{};
}

Task<error_code> Stream::wait_for(int ssl_error) {
  const auto direction = ssl_error == SSL_ERROR_WANT_READ ? Socket::wait_read : Socket::wait_write;
  const auto [error] = co_await socket_.async_wait(direction, by_value);
  co_return error;
}

Task<Stream::ReadResult> Stream::read_tls(std::span<char> into) {
  // What answers a message that has just been sent is not there yet.
  if (std::exchange(has_written_, false) && SSL_has_pending(ssl_.get()) == 0) {
    const auto error = co_await wait_for(SSL_ERROR_WANT_READ);
    if (error) co_return ReadResult{error, 0};
  }
  for (;;) {
    ERR_clear_error();
    errno = 0;
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), into.data(), into.size(), &size);
    if (result == 1) co_return ReadResult{{}, size};
    const int saved_errno = errno;
    const int reason = SSL_get_error(ssl_.get(), result);
    if (!wants_to_wait(reason)) co_return ReadResult{tls_error(reason, saved_errno), 0};
    const auto error = co_await wait_for(reason);
    if (error) co_return ReadResult{error, 0};
  }
}

Task<error_code> Stream::handshake() {
  for (;;) {
    ERR_clear_error();
    errno = 0;
    const int result = SSL_do_handshake(ssl_.get());
    if (result == 1) co_return error_code{};
    const int saved_errno = errno;
    const int reason = SSL_get_error(ssl_.get(), result);
    if (!wants_to_wait(reason)) {
      co_return reason == SSL_ERROR_SSL ? error_code{asio::error::connection_refused} : tls_error(reason, saved_errno);
    }
    const auto error = co_await wait_for(reason);
    if (error) co_return error;
  }
}

bool Stream::is_stale() {
  char byte = 0;
  const auto received = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (received == 0 || (received > 0 && !ssl_)) return true;
  if (received < 0) {
    if (errno != EAGAIN && errno != EWOULDBLOCK) return true;
    if (!ssl_ || SSL_has_pending(ssl_.get()) == 0) return false;
  }
  // Through TLS, so that a session ticket that arrived meanwhile is taken in and not mistaken for data.
  ERR_clear_error();
  const int peeked = SSL_peek(ssl_.get(), &byte, 1);
  return peeked > 0 || SSL_get_error(ssl_.get(), peeked) != SSL_ERROR_WANT_READ;
}

bool Stream::peer_has_gone() {
  // Also with bytes left to read, which a look at the stream itself would show first.
  pollfd state{.fd = socket_.native_handle(), .events = POLLIN | POLLRDHUP, .revents = 0};
  if (::poll(&state, 1, 0) <= 0) return false;
  if ((state.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0) return true;
  if (!ssl_) return false;
  // In TLS the farewell is a message.
  char byte = 0;
  ERR_clear_error();
  const int peeked = SSL_peek(ssl_.get(), &byte, 1);
  return peeked <= 0 && !wants_to_wait(SSL_get_error(ssl_.get(), peeked));
}

Task<Stream::ReadResult> Stream::peek(std::span<char> into, std::size_t known) {
  // With this mark the socket is not readable before there is more than what is known already.
  const int mark = static_cast<int>(known) + 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &mark, sizeof mark);
  const auto result = co_await peek_marked(into, known);
  const int usual = 1;
  ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVLOWAT, &usual, sizeof usual);
  co_return result;
}

Task<Stream::ReadResult> Stream::peek_marked(std::span<char> into, std::size_t known) {
  bool has_waited = false;
  for (;;) {
    const auto size = ::recv(socket_.native_handle(), into.data(), into.size(), MSG_PEEK | MSG_DONTWAIT);
    if (size > static_cast<ssize_t>(known)) co_return ReadResult{{}, static_cast<std::size_t>(size)};
    if (size == 0 || (size > 0 && has_waited)) co_return ReadResult{asio::error::eof, 0};
    if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
      co_return ReadResult{{errno, boost::system::system_category()}, 0};
    }
    const auto [error] = co_await socket_.async_wait(Socket::wait_read, by_value);
    if (error) co_return ReadResult{error, 0};
    has_waited = true;
  }
}

void Stream::end_writing() {
  if (ssl_) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_send, ignored);
}

void Stream::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace runagents::http
