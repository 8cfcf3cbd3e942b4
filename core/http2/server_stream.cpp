#include "core/http2/server_stream.hpp"

#include <algorithm>
#include <utility>

#include "core/http/field_lines.hpp"
#include "core/http/whole_body.hpp"
#include "core/http2/server_callbacks.hpp"
#include "core/http2/server_session.hpp"

namespace runagents::http2 {
namespace {

using Status = http::BodyReader::Status;

constexpr int switching_protocols = 101;

/// The lines of a response that HTTP/2 says in its own way: by the status of an extended CONNECT (RFC 8441, section 5).
std::string without_upgrade(std::string_view lines) {
  std::string kept;
  while (!lines.empty()) {
    const auto line = http::take_line(lines);
    const auto name = http::field_of(line).name;
    const bool is_dropped = http::equal_ignoring_case(name, "connection") ||
                            http::equal_ignoring_case(name, "upgrade") ||
                            http::equal_ignoring_case(name, "sec-websocket-accept");
    if (!is_dropped) kept.append(line).append("\r\n");
  }
  return kept;
}

}  // namespace

ServerStream::ServerStream(ServerSession& session, std::int32_t id)
    : Ticking{session.ticker_}, session_{session}, id_{id}, more_{session.context_}, room_{session.context_} {}

ServerStream::~ServerStream() = default;

http::Task<bool> ServerStream::await_more(std::chrono::milliseconds time) {
  arm(time);
  while (incoming_.empty() && !request_ended_ && !reading_stopped_ && !closed_) co_await more_.wait();
  disarm();
  co_return !closed_ && !reading_stopped_;
}

http::Task<bool> ServerStream::gather_small_body() {
  const bool is_small =
      head_.framing == http::Framing::length && head_.content_length <= http::ServerConnection::small_body_bytes;
  if (!is_small) co_return request_ended_;
  const bool ended = co_await await_end();
  co_return ended;
}

http::Task<bool> ServerStream::await_end() {
  arm(session_.times_.body);
  while (!request_ended_ && !closed_ && !reading_stopped_) co_await more_.wait();
  disarm();
  co_return request_ended_;
}

void ServerStream::release() {
  if (handed_out_.empty()) return;
  if (!closed_) {
    nghttp2_session_consume_stream(session_.session_.get(), id_, handed_out_.size());
    session_.flush();
  }
  handed_out_.clear();
}

http::Task<http::BodyReader::Piece> ServerStream::read_body() {
  const auto piece = co_await read_body_within(session_.times_.body);
  co_return piece;
}

http::Task<http::BodyReader::Piece> ServerStream::read_body_within(std::chrono::milliseconds time) {
  release();
  if (time.count() <= 0) co_return http::BodyReader::Piece{Status::cut, {}, http::asio::error::timed_out};
  const bool there = co_await await_more(time);
  if (!there) co_return http::BodyReader::Piece{Status::cut, {}, http::asio::error::connection_aborted};
  handed_out_.swap(incoming_);
  co_return http::BodyReader::Piece{request_ended_ ? Status::last : Status::more, handed_out_, {}};
}

http::Task<std::optional<std::string>> ServerStream::read_whole_body(std::size_t limit) {
  auto body = co_await http::read_whole(*this, head_, session_.times_, limit,
                                        [this](auto time) { return read_body_within(time); });
  release();
  co_return body;
}

void ServerStream::stop_reading() {
  reading_stopped_ = true;
  more_.raise();
}

http::Task<bool> ServerStream::send_interim(int status, std::string_view /*reason*/, const std::string& fields) {
  if (closed_ || response_begun_) co_return false;
  block_.clear();
  if (status == switching_protocols) {
    block_.add(":status", "200");
    block_.add_lines(without_upgrade(fields));
    is_tunnel_ = true;
    begin_response(true);
    co_return !closed_;
  }
  block_.add(":status", std::to_string(status));
  block_.add_lines(fields);
  const auto& list = block_.fields();
  const int submitted = nghttp2_submit_headers(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, nullptr, list.data(),
                                               list.size(), nullptr);
  session_.flush();
  co_return submitted == 0;
}

void ServerStream::begin_response(bool has_more) {
  response_begun_ = true;
  const auto& list = block_.fields();
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = &ServerCallbacks::read_response;
  const int submitted =
      nghttp2_submit_response(session_.session_.get(), id_, list.data(), list.size(), has_more ? &provider : nullptr);
  if (submitted != 0) abort();
  session_.flush();
}

http::Task<bool> ServerStream::send_head(const http::ResponseStart& start, std::string_view body, bool last) {
  if (closed_ || response_begun_) co_return false;
  block_.clear();
  block_.add(":status", std::to_string(start.status));
  block_.add_lines(*start.fields);
  if (start.content_length || (last && start.has_body)) {
    block_.add("content-length", std::to_string(start.content_length.value_or(body.size())));
  }
  const bool has_more = start.has_body && (!body.empty() || !last);
  response_ended_ = !has_more;
  begin_response(has_more);
  if (!has_more) co_return !closed_;
  const bool there = co_await pass(body, last, {});
  co_return there;
}

http::Task<bool> ServerStream::send_body(std::string_view body, bool last, const std::string& trailers) {
  const bool there = co_await pass(body, last, trailers);
  co_return there;
}

http::Task<bool> ServerStream::pass(std::string_view body, bool last, std::string_view trailers) {
  if (closed_ || response_ended_) co_return !closed_ && body.empty();
  outgoing_.append(body);
  if (last) {
    response_ended_ = true;
    outgoing_trailers_.assign(trailers);
  }
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(session_.session_.get(), id_);
  session_.flush();
  while (!closed_ && outgoing_.size() - sent_ > session_.limits_.max_unsent_bytes) {
    arm(session_.times_.write);
    co_await room_.wait();
    disarm();
  }
  co_return !closed_;
}

http::Task<bool> ServerStream::open_tunnel() { co_return false; }

void ServerStream::abort() {
  if (closed_) return;
  nghttp2_submit_rst_stream(session_.session_.get(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  session_.flush();
  gone();
}

void ServerStream::end() {
  if (closed_ || std::exchange(response_ended_, true)) return;
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(session_.session_.get(), id_);
  session_.flush();
}

void ServerStream::expired() { abort(); }

void ServerStream::gone() {
  if (std::exchange(closed_, true)) return;
  more_.raise();
  room_.raise();
  tell_gone();
}

void ServerStream::tell_gone() {
  if (const auto notify = std::exchange(on_gone, nullptr)) notify();
}

/// Whoever began to wait a moment after the client had left is told, too.
void ServerStream::tick() {
  if (closed_) tell_gone();
}

http::Task<http::ByteChannel::ReadResult> ServerStream::Channel::read_some(std::span<char> into) {
  while (stream_.incoming_.empty() && !stream_.request_ended_ && !stream_.reading_stopped_ && !stream_.closed_) {
    co_await stream_.more_.wait();
  }
  if (stream_.closed_) co_return ReadResult{http::asio::error::connection_reset, 0};
  if (stream_.incoming_.empty()) co_return ReadResult{http::asio::error::eof, 0};
  const auto size = std::min(into.size(), stream_.incoming_.size());
  std::copy_n(stream_.incoming_.begin(), size, into.begin());
  stream_.incoming_.erase(0, size);
  nghttp2_session_consume_stream(stream_.session_.session_.get(), stream_.id_, size);
  stream_.session_.flush();
  co_return ReadResult{{}, size};
}

http::Task<http::error_code> ServerStream::Channel::write(std::string_view first, std::string_view second,
                                                          std::string_view third) {
  for (const auto part : {first, second, third}) {
    const bool there = part.empty() || co_await stream_.pass(part, false, {});
    if (!there) co_return http::error_code{http::asio::error::connection_reset};
  }
  co_return http::error_code{};
}

}  // namespace runagents::http2
