#include "core/http/server_connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "core/http/chunked.hpp"
#include "core/http/whole_body.hpp"
#include "core/policy/target.hpp"

namespace runagents::http {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 424:
      return "Failed Dependency";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "";
  }
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

void append_status_line(std::string& out, int status, std::string_view reason) {
  out.assign("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(status));
  out.append(" ").append(reason.empty() ? reason_phrase(status) : reason).append("\r\n");
}

// What a refused upload may still send before its connection is closed, so that the client gets to read the refusal.
constexpr std::size_t max_linger_bytes = 16 * 1024 * 1024;

}  // namespace

ServerConnection::ServerConnection(Ticker& ticker, Stream stream, const ConnectionTimes& times)
    : Ticking{ticker}, stream_{std::move(stream)}, times_{times}, body_{stream_, buffer_} {}

Task<void> ServerConnection::serve() {
  bool next = true;
  while (next && !closed_) next = is_unknown() ? co_await find_out() : co_await serve_one();
  if (!closed_) stream_.end_writing();
  if (!closed_ && unread_body_) co_await linger();
  close();
}

Task<bool> ServerConnection::find_out() { co_return true; }

Task<bool> ServerConnection::open_tunnel() {
  out_.assign("HTTP/1.1 200 Connection Established\r\n\r\n");
  co_return co_await write(out_);
}

void ServerConnection::begin_without_request() { body_.begin(Framing::none, 0); }

void ServerConnection::finish() {
  keep_alive_ = false;
  if (!is_busy_) close();
}

Task<bool> ServerConnection::serve_one() {
  // How the last answer was framed is nothing to this one's, also where no head can be read.
  chunked_ = false;
  has_malformed_body_ = false;
  if (!(co_await read_head())) co_return false;
  // What follows a CONNECT is meant for the tunnel, never for this parser.
  keep_alive_ = head_.keep_alive && !policy::is_refused_method(head_.method);
  body_.begin(head_.framing, head_.content_length);
  if (head_.framing == Framing::chunked || head_.content_length > buffer_.readable().size() - head_bytes_) {
    keep_head();
  }
  buffer_.consume(head_bytes_);
  is_busy_ = true;
  co_await handle();
  is_busy_ = false;
  if (!closed_ && is_unknown()) {
    buffer_.rest();
    co_return true;
  }
  if (closed_ || !keep_alive_) {
    body_.done();
    unread_body_ = !body_.finished() || !buffer_.empty() || policy::is_refused_method(head_.method);
    co_return false;
  }
  while (!body_.finished()) static_cast<void>(body_.next_buffered());
  body_.done();
  buffer_.rest();
  co_return true;
}

/// The body will pass through the buffer, so the head, which everything points to, gets a place of its own.
void ServerConnection::keep_head() {
  kept_head_.assign(buffer_.readable().substr(0, head_bytes_));
  // The same bytes parse the same way.
  static_cast<void>(parse_request_head(kept_head_, limits_, head_));
}

Task<bool> ServerConnection::read_head() {
  bool first = buffer_.empty();
  arm(first ? times_.idle : times_.head);
  for (;;) {
    if (!buffer_.empty()) {
      const auto parsed = parse_request_head(buffer_.readable(), limits_, head_);
      if (!parsed) {
        disarm();
        keep_alive_ = false;
        unread_body_ = true;
        begin_without_request();
        head_ = RequestHead{};
        head_.keep_alive = false;
        co_await refuse_head(parsed.error());
        co_return false;
      }
      if (*parsed > 0) {
        head_bytes_ = *parsed;
        disarm();
        co_return true;
      }
    }
    const auto [error, size] = co_await stream_.read_some(buffer_.writable());
    if (error) co_return false;
    buffer_.commit(size);
    if (std::exchange(first, false)) arm(times_.head);
  }
}

/// Closing with unread input would reset the connection and could take the answer with it (RFC 9112, section 9.6).
Task<void> ServerConnection::linger() {
  arm(times_.linger);
  std::size_t read = 0;
  while (!closed_ && read < max_linger_bytes) {
    buffer_.consume(buffer_.readable().size());
    const auto [error, size] = co_await stream_.read_some(buffer_.writable());
    if (error) break;
    buffer_.commit(size);
    read += size;
  }
}

Task<bool> ServerConnection::gather_small_body() {
  if (head_.framing != Framing::length || head_.content_length > small_body_bytes) co_return false;
  while (!body_.is_buffered()) {
    arm(times_.body);
    const auto [error, size] = co_await stream_.read_some(buffer_.writable(body_.missing()));
    disarm();
    if (error) co_return false;
    buffer_.commit(size);
  }
  co_return true;
}

Task<BodyReader::Piece> ServerConnection::read_body() {
  const auto piece = co_await read_body_within(times_.body);
  co_return piece;
}

Task<BodyReader::Piece> ServerConnection::read_body_within(std::chrono::milliseconds time) {
  if (time.count() <= 0) {
    close();
    co_return BodyReader::Piece{BodyReader::Status::cut, {}, asio::error::timed_out};
  }
  arm(time);
  const auto piece = co_await body_.next();
  disarm();
  has_malformed_body_ = piece.status == BodyReader::Status::malformed;
  co_return piece;
}

Task<std::optional<std::string>> ServerConnection::read_whole_body(std::size_t limit) {
  auto body = co_await read_whole(*this, head_, times_, limit, [this](auto time) { return read_body_within(time); });
  co_return body;
}

void ServerConnection::stop_reading() {
  // Only a body that nobody wants any more is stopped, so the connection cannot be used again.
  keep_alive_ = false;
  error_code ignored;
  stream_.socket().cancel(ignored);
}

Task<bool> ServerConnection::send_interim(int status, std::string_view reason, const std::string& fields) {
  append_status_line(out_, status, reason);
  out_.append(fields).append("\r\n");
  co_return co_await write(out_);
}

void ServerConnection::write_head(const ResponseStart& start, std::string_view body, bool last) {
  append_status_line(out_, start.status, start.reason);
  out_.append(*start.fields);
  keep_alive_ = keep_alive_ && (body_.finished() || body_.is_buffered());
  if (start.content_length || (last && start.has_body)) {
    out_.append("Content-Length: ");
    append_number(out_, start.content_length.value_or(body.size()));
    out_.append("\r\n");
  } else if (start.has_body && head_.minor_version == 1) {
    chunked_ = true;
    out_.append("Transfer-Encoding: chunked\r\n");
  } else if (start.has_body) {
    keep_alive_ = false;
  }
  if (!keep_alive_) {
    out_.append("Connection: close\r\n");
  } else if (head_.minor_version == 0) {
    out_.append("Connection: keep-alive\r\n");
  }
  out_.append("\r\n");
}

Task<bool> ServerConnection::send_head(const ResponseStart& start, std::string_view body, bool last) {
  write_head(start, body, last);
  if (!chunked_ || body.empty()) return write(out_, body);
  append_chunk_head(out_, body.size());
  return write(out_, body, "\r\n");
}

Task<bool> ServerConnection::send_body(std::string_view body, bool last, const std::string& trailers) {
  if (!chunked_) {
    if (body.empty()) co_return !closed_;
    co_return co_await write(body);
  }
  chunk_head_.clear();
  if (!body.empty()) append_chunk_head(chunk_head_, body.size());
  out_.assign(body.empty() ? "" : "\r\n");
  if (last) out_.append("0\r\n").append(trailers).append("\r\n");
  if (chunk_head_.empty() && out_.empty()) co_return !closed_;
  co_return co_await write(chunk_head_, body, out_);
}

Task<bool> ServerConnection::write(std::string_view first, std::string_view second, std::string_view third) {
  if (closed_) co_return false;
  auto written = stream_.begin_write(first, second, third);
  if (!written) {
    arm(times_.write);
    written = co_await stream_.finish_write();
    disarm();
  }
  if (*written) close();
  co_return !*written;
}

void ServerConnection::end() {
  keep_alive_ = false;
  stream_.end_writing();
}

void ServerConnection::abort() {
  keep_alive_ = false;
  // A reset, so that not even a body that ends with the connection looks complete.
  error_code ignored;
  stream_.socket().set_option(asio::socket_base::linger{true, 0}, ignored);
  close();
}

void ServerConnection::close() {
  if (std::exchange(closed_, true)) return;
  stream_.close();
  tell_gone();
}

void ServerConnection::tell_gone() {
  if (const auto notify = std::exchange(on_gone, nullptr)) notify();
}

std::string ServerConnection::take_tunnel_bytes() {
  std::string bytes{buffer_.readable()};
  buffer_.consume(bytes.size());
  return bytes;
}

void ServerConnection::expired() { close(); }

void ServerConnection::tick() {
  if (!on_gone || closed_ || body_.reading() || !stream_.peer_has_gone()) return;
  tell_gone();
}

}  // namespace runagents::http
