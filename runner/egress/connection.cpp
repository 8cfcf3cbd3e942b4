#include "runner/egress/connection.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/policy/target.hpp"
#include "runner/egress/pipeline.hpp"

namespace runagents::egress {
namespace {

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 421:
      return "Misdirected Request";
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

/// The first byte of a TLS connection: a record of the handshake (RFC 8446, section 5.1).
constexpr char tls_handshake = 0x16;
constexpr std::size_t max_hello_bytes = 17 * 1024;

// What a refused upload may still send before its connection is closed, so that the agent gets to read the refusal.
constexpr std::size_t max_linger_bytes = 16 * 1024 * 1024;

}  // namespace

Connection::Connection(Engine& engine, http::Stream stream, Arrival arrival)
    : Ticking{engine.ticker},
      engine_{engine},
      stream_{std::move(stream)},
      arrival_{std::move(arrival)},
      body_{stream_, buffer_} {}

http::Task<void> Connection::serve() {
  bool next = true;
  while (next && !closed_) {
    const bool is_new = arrival_.destination && !looked_inside_;
    next = is_new ? co_await look_inside() : co_await serve_one();
  }
  if (!closed_) stream_.end_writing();
  if (!closed_ && unread_body_) co_await linger();
  close();
}

http::Task<bool> Connection::look_inside() {
  looked_inside_ = true;
  // Many tools speak first over plain TCP, so nobody is waited for.
  if (passes_bytes()) {
    co_await serve_bytes();
    co_return false;
  }
  arm(times_.head);
  std::array<char, 1> first{};
  const auto [error, size] = co_await stream_.peek(first);
  if (error) co_return false;
  const bool is_tls = first[0] == tls_handshake;
  if (is_tls && co_await serves_bytes()) {
    co_await serve_bytes();
    co_return false;
  }
  const bool ready = !is_tls || co_await accept_tls();
  disarm();
  co_return ready;
}

/// Whether the TLS connection is meant for a tool whose TLS is passed through.
http::Task<bool> Connection::serves_bytes() {
  auto& destination = *arrival_.destination;
  const auto is_meant = [&destination](const model::Tool* tool) {
    return tool->tls == model::Tls::passthrough && tool->base_url.port == destination.port;
  };
  if (std::ranges::none_of(engine_.snapshot->evaluator.tools(), is_meant)) co_return false;
  std::vector<char> hello(max_hello_bytes);
  std::optional<std::string> name;
  for (std::size_t known = 0; !name;) {
    const auto [error, size] = co_await stream_.peek(hello, known);
    if (error || size == hello.size()) co_return false;
    known = size;
    name = http::peek_server_name({hello.data(), size});
  }
  // Whoever was dialled or named by CONNECT must be the one that TLS names.
  if (!destination.host.empty() && destination.host != *name) co_return false;
  for (const auto* tool : engine_.snapshot->evaluator.tools()) {
    if (!is_meant(tool) || tool->base_url.host != *name) continue;
    destination.tls_name = *name;
    destination.scheme = "https";
    destination.bytes_only = true;
    co_return true;
  }
  co_return false;
}

http::Task<bool> Connection::accept_tls() {
  auto& destination = *arrival_.destination;
  if (engine_.tls == nullptr) co_return false;
  http::ClientWish wish;
  wish.fallback = destination.host;
  if (wish.fallback.empty() && destination.address) wish.fallback = destination.address->to_string();
  auto ssl = engine_.tls->accept(stream_.socket().native_handle(), wish);
  if (!ssl) co_return false;
  auto [socket, none] = std::move(stream_).release();
  http::error_code ignored;
  socket.native_non_blocking(true, ignored);
  stream_ = http::Stream{std::move(socket), std::move(ssl)};
  if (const auto error = co_await stream_.handshake(); error) {
    engine_.recorder.note_tls_failure(wish.name.empty() ? wish.fallback : wish.name,
                                      http::handshake_failure(stream_.ssl()));
    co_return false;
  }
  destination.scheme = "https";
  destination.tls_name = wish.name;
  co_return true;
}

/// One call for the whole connection: nobody can tell what is inside.
http::Task<void> Connection::serve_bytes() {
  const auto& destination = *arrival_.destination;
  const auto& host = destination.tls_name.empty() ? destination.host : destination.tls_name;
  disarm();
  kept_head_ = host.find(':') == std::string::npos ? host : "[" + host + "]";
  kept_head_.append(":").append(std::to_string(destination.port));
  head_ = http::RequestHead{};
  head_.method = "CONNECT";
  head_.target = kept_head_;
  call_.reset(arrival_);
  call_.head = &head_;
  body_.begin(http::Framing::none, 0);
  co_await handle(engine_, call_, *this);
}

http::Task<bool> Connection::open_tunnel() {
  if (passes_bytes()) co_return !closed_;
  out_.assign("HTTP/1.1 200 Connection Established\r\n\r\n");
  co_return co_await write(out_);
}

http::Task<bool> Connection::serve_one() {
  if (!(co_await read_head())) co_return false;
  call_.reset(arrival_);
  call_.head = &head_;
  // What follows a CONNECT is meant for the tunnel, never for this parser.
  keep_alive_ = head_.keep_alive && !policy::is_refused_method(head_.method);
  chunked_ = false;
  body_.begin(head_.framing, head_.content_length);
  if (head_.framing == http::Framing::chunked || head_.content_length > buffer_.readable().size() - head_bytes_) {
    keep_head();
  }
  buffer_.consume(head_bytes_);
  co_await handle(engine_, call_, *this);
  if (!closed_ && arrival_.destination && !looked_inside_) {
    buffer_.rest();
    co_return true;
  }
  if (closed_ || !keep_alive_) {
    unread_body_ = !body_.finished() || !buffer_.empty() || policy::is_refused_method(head_.method);
    co_return false;
  }
  while (!body_.finished()) static_cast<void>(body_.next_buffered());
  body_.done();
  buffer_.rest();
  co_return true;
}

/// The body will pass through the buffer, so the head, which everything points to, gets a place of its own.
void Connection::keep_head() {
  kept_head_.assign(buffer_.readable().substr(0, head_bytes_));
  // The same bytes parse the same way.
  static_cast<void>(http::parse_request_head(kept_head_, limits_, head_));
}

http::Task<bool> Connection::read_head() {
  bool first = buffer_.empty();
  arm(first ? times_.idle : times_.head);
  for (;;) {
    if (!buffer_.empty()) {
      const auto parsed = http::parse_request_head(buffer_.readable(), limits_, head_);
      if (!parsed) {
        disarm();
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

http::Task<void> Connection::refuse_head(http::HeadError error) {
  call_.reset(arrival_);
  call_.snapshot = engine_.snapshot;
  engine_.request_ids.next(call_.request_id);
  keep_alive_ = false;
  unread_body_ = true;
  body_.begin(http::Framing::none, 0);
  const bool large = error.kind == http::HeadError::Kind::too_large;
  auto refusal = refuse(large ? model::RefusalCode::headers_too_large : model::RefusalCode::bad_request,
                        "the request is not sound HTTP/1.1: " + std::string{error.message});
  head_ = http::RequestHead{};
  head_.keep_alive = false;
  co_await answer_refusal(engine_, call_, *this, std::move(refusal.error()));
}

/// Closing with unread input would reset the connection and could take the answer with it (RFC 9112, section 9.6).
http::Task<void> Connection::linger() {
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

http::Task<bool> Connection::gather_small_body() {
  if (head_.framing != http::Framing::length || head_.content_length > small_body_bytes) co_return false;
  while (!body_.is_buffered()) {
    arm(times_.body);
    const auto [error, size] = co_await stream_.read_some(buffer_.writable());
    disarm();
    if (error) co_return false;
    buffer_.commit(size);
  }
  co_return true;
}

http::Task<http::BodyReader::Piece> Connection::read_body() {
  arm(times_.body);
  const auto piece = co_await body_.next();
  disarm();
  co_return piece;
}

http::Task<std::optional<std::string>> Connection::read_whole_body(std::size_t limit) {
  std::string whole;
  if (head_.framing == http::Framing::length && head_.content_length > limit) co_return std::nullopt;
  if (head_.expects_continue && !body_.is_buffered()) {
    if (!(co_await send_interim(100, "Continue", {}))) co_return std::nullopt;
    head_.expects_continue = false;
  }
  while (!body_.finished()) {
    const auto piece = co_await read_body();
    if (piece.status != http::BodyReader::Status::more && piece.status != http::BodyReader::Status::last) {
      co_return std::nullopt;
    }
    if (whole.size() + piece.data.size() > limit) co_return std::nullopt;
    whole.append(piece.data);
  }
  co_return whole;
}

void Connection::stop_reading() {
  // Only a body that nobody wants any more is stopped, so the connection cannot be used again.
  keep_alive_ = false;
  http::error_code ignored;
  stream_.socket().cancel(ignored);
}

http::Task<bool> Connection::send_interim(int status, std::string_view reason, const std::string& fields) {
  append_status_line(out_, status, reason);
  out_.append(fields).append("\r\n");
  co_return co_await write(out_);
}

void Connection::write_head(const ResponseStart& start, std::string_view body, bool last) {
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

http::Task<bool> Connection::send_head(const ResponseStart& start, std::string_view body, bool last) {
  if (passes_bytes()) {
    abort();
    co_return false;
  }
  write_head(start, body, last);
  if (!chunked_ || body.empty()) co_return co_await write(out_, body);
  http::append_chunk_head(out_, body.size());
  co_return co_await write(out_, body, "\r\n");
}

http::Task<bool> Connection::send_body(std::string_view body, bool last, const std::string& trailers) {
  if (!chunked_) {
    if (body.empty()) co_return !closed_;
    co_return co_await write(body);
  }
  chunk_head_.clear();
  if (!body.empty()) http::append_chunk_head(chunk_head_, body.size());
  out_.assign(body.empty() ? "" : "\r\n");
  if (last) out_.append("0\r\n").append(trailers).append("\r\n");
  if (chunk_head_.empty() && out_.empty()) co_return !closed_;
  co_return co_await write(chunk_head_, body, out_);
}

http::Task<bool> Connection::write(std::string_view first, std::string_view second, std::string_view third) {
  if (closed_) co_return false;
  arm(times_.write);
  const auto error = co_await stream_.write(first, second, third);
  disarm();
  if (error) close();
  co_return !error;
}

void Connection::end() {
  keep_alive_ = false;
  stream_.end_writing();
}

void Connection::abort() {
  keep_alive_ = false;
  // A reset, so that not even a body that ends with the connection looks complete.
  http::error_code ignored;
  stream_.socket().set_option(http::asio::socket_base::linger{true, 0}, ignored);
  close();
}

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  stream_.close();
  tell_gone();
}

void Connection::tell_gone() {
  if (const auto notify = std::exchange(on_gone, nullptr)) notify();
}

std::string Connection::take_tunnel_bytes() {
  std::string bytes{buffer_.readable()};
  buffer_.consume(bytes.size());
  return bytes;
}

void Connection::expired() { close(); }

void Connection::tick() {
  if (!on_gone || closed_ || body_.reading() || !stream_.peer_has_gone()) return;
  tell_gone();
}

}  // namespace runagents::egress
