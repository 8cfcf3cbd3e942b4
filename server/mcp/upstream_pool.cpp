#include "server/mcp/upstream_pool.hpp"

#include <algorithm>

namespace runagents::server {
namespace {

using Connection = http::UpstreamConnection;
using Kind = http::DialFailure::Kind;
using Status = http::BodyReader::Status;

constexpr std::chrono::seconds idle_time{50};
constexpr http::HeadLimits head_limits{.max_head_bytes = 64 * 1024, .max_fields = 256};

std::string reason(const http::DialFailure& failure) {
  switch (failure.kind) {
    case Kind::blocked:
    case Kind::internal_address:
      return "its name leads to " + failure.detail + ", which is never dialled";
    case Kind::connect_timeout:
      return "it did not accept a connection in time";
    case Kind::handshake_timeout:
      return "it did not complete the TLS handshake in time";
    case Kind::tls:
      return failure.detail;
    case Kind::untrusted:
      return "the TLS connection failed: " + failure.detail;
    case Kind::unreachable:
      break;
  }
  return failure.detail;
}

std::unexpected<Error> unreachable(const http::DialFailure& failure) {
  return fail(ErrorCode::unavailable, "the MCP server cannot be reached: " + reason(failure), failure.hint,
              "upstream_unreachable");
}

void write_head(std::string& out, const UpstreamRequest& request, const UpstreamAddress& address) {
  out.assign(request.method).append(" ").append(address.target).append(" HTTP/1.1\r\nHost: ");
  out.append(address.authority).append("\r\n").append(request.fields);
  if (!request.body.empty() || request.method == "POST") {
    out.append("Content-Length: ").append(std::to_string(request.body.size())).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace

http::Task<UpstreamPool::Acquired> UpstreamPool::acquire(const UpstreamAddress& address, bool fresh) {
  auto& idle = idle_[address.origin()];
  if (!fresh) {
    if (auto connection = idle.take()) co_return connection;
  }
  const http::DialTarget target{
      .host = address.host, .port = address.port, .ca_file = address.ca_file, .may_be_internal = true};
  auto socket = co_await dialer_.connect(target);
  if (!socket) co_return unreachable(socket.error());
  if (!address.tls) co_return std::make_unique<Connection>(ticker_, http::Stream{std::move(*socket)});
  auto ssl = co_await dialer_.start_tls(target, *socket, idle.session());
  if (!ssl) co_return unreachable(ssl.error());
  co_return std::make_unique<Connection>(ticker_, http::Stream{std::move(*socket), std::move(*ssl)});
}

void UpstreamPool::release(const UpstreamAddress& address, std::unique_ptr<Connection> connection) {
  idle_[address.origin()].put(std::move(connection), idle_time);
}

UpstreamCall::~UpstreamCall() {
  if (!body_ || closed_ || !connection_->response.keep_alive || !body_->finished()) return;
  body_->done();
  // Bytes after the answer's end belong to nothing that was asked for.
  if (!connection_->buffer.empty()) return;
  body_.reset();
  pool_.release(address_, std::move(connection_));
}

http::Task<Result<void>> UpstreamCall::send(UpstreamRequest request) {
  silence_ = request.silence;
  auto sent = co_await attempt(request, false);
  if (!sent && may_retry_) sent = co_await attempt(request, true);
  if (!sent) co_return sent;
  body_ = std::make_unique<http::BodyReader>(connection_->stream, connection_->buffer);
  body_->begin(connection_->response.framing, connection_->response.content_length);
  co_return Result<void>{};
}

http::Task<Result<void>> UpstreamCall::attempt(const UpstreamRequest& request, bool fresh) {
  may_retry_ = false;
  auto acquired = co_await pool_.acquire(address_, fresh);
  if (!acquired) co_return std::unexpected(std::move(acquired.error()));
  connection_ = std::move(*acquired);
  if (closed_) co_return broken(false);
  write_head(connection_->out, request, address_);
  connection_->arm(silence_);
  // A server may answer early and close; what it said is worth more than our broken pipe, so it is read in any case.
  static_cast<void>(co_await connection_->stream.write(connection_->out, request.body));
  auto head = co_await read_head(request.method);
  connection_->disarm();
  co_return head;
}

http::Task<Result<void>> UpstreamCall::read_head(std::string_view method) {
  auto& connection = *connection_;
  for (;;) {
    const auto parsed =
        http::parse_response_head(connection.buffer.readable(), method, head_limits, connection.response);
    if (!parsed) co_return broken(true);
    if (*parsed > 0 && connection.response.status >= 200) {
      // The fields point into the buffer, which the body is read through.
      connection.fields.assign(connection.buffer.readable().substr(0, *parsed));
      static_cast<void>(http::parse_response_head(connection.fields, method, head_limits, connection.response));
      connection.buffer.consume(*parsed);
      co_return Result<void>{};
    }
    if (*parsed > 0) {
      if (connection.response.status == 101) co_return broken(true);
      connection.buffer.consume(*parsed);
      continue;
    }
    const auto [error, size] = co_await connection.stream.read_some(connection.buffer.writable());
    if (error) {
      // Whether a first attempt was processed cannot be known, so only what changes nothing comes again.
      may_retry_ =
          connection.reused && connection.buffer.empty() && method == "GET" && !connection.timed_out && !closed_;
      co_return broken(false);
    }
    connection.buffer.commit(size);
  }
}

std::string_view UpstreamCall::field(std::string_view name) const noexcept {
  const auto& fields = connection_->response.fields;
  const auto found = std::ranges::find_if(
      fields, [name](const http::Field& field) { return http::equal_ignoring_case(field.name, name); });
  return found == fields.end() ? std::string_view{} : found->value;
}

http::Task<Result<UpstreamCall::Piece>> UpstreamCall::next() {
  if (body_->finished()) co_return Piece{.data = {}, .last = true};
  connection_->arm(silence_);
  const auto piece = co_await body_->next();
  connection_->disarm();
  if (piece.status != Status::more && piece.status != Status::last) co_return broken(piece.status == Status::malformed);
  co_return Piece{.data = piece.data, .last = piece.status == Status::last};
}

http::Task<Result<std::string>> UpstreamCall::read_all(std::size_t limit) {
  std::string whole;
  for (bool last = body_->finished(); !last;) {
    auto piece = co_await next();
    if (!piece) co_return std::unexpected(std::move(piece.error()));
    if (whole.size() + piece->data.size() > limit) {
      co_return fail(ErrorCode::unavailable, "the MCP server's answer is too large", {}, "upstream_protocol");
    }
    whole.append(piece->data);
    last = piece->last;
  }
  co_return whole;
}

std::unexpected<Error> UpstreamCall::broken(bool malformed) const {
  if (connection_ && connection_->timed_out) {
    return fail(ErrorCode::unavailable, "the MCP server was silent for too long", {}, "upstream_timeout");
  }
  if (malformed) {
    return fail(ErrorCode::unavailable, "the MCP server sent something that is not HTTP/1.1", {}, "upstream_protocol");
  }
  return fail(ErrorCode::unavailable, "the MCP server closed the connection without an answer", {},
              "upstream_unreachable");
}

void UpstreamCall::close() {
  closed_ = true;
  if (connection_) connection_->close();
}

}  // namespace runagents::server
