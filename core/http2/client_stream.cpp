#include "core/http2/client_stream.hpp"

#include <algorithm>
#include <utility>

namespace runagents::http2 {
namespace {

using Status = http::BodyReader::Status;

http::HeadLimits head_limits(const ClientLimits& limits) {
  return {.max_head_bytes = limits.max_head_bytes, .max_fields = limits.max_fields};
}

}  // namespace

ClientStream::ClientStream(std::shared_ptr<ClientSession> session)
    : ClientExchange{session->ticker_},
      limits_{head_limits(session->limits_)},
      session_{std::move(session)},
      is_reused_{session_->opened_ > 0},
      received_{session_->context_},
      sent_{session_->context_},
      section_{limits_} {
  session_->attach(*this);
}

ClientStream::~ClientStream() {
  close();
  session_->detach(*this);
}

http::Task<http::error_code> ClientStream::send_request(std::string_view body) {
  unsent_ = body;
  is_last_ = true;
  has_sent_all_ = body.empty();
  if (end_ != End::none || !session_->submit(*this, !body.empty())) co_return http::asio::error::broken_pipe;
  co_return http::error_code{};
}

http::Task<http::error_code> ClientStream::open_request(http::Framing /*framing*/) {
  waits_ = true;
  if (end_ != End::none || !session_->submit(*this, true)) co_return http::asio::error::broken_pipe;
  co_return http::error_code{};
}

http::Task<http::error_code> ClientStream::send_body(std::string_view data, bool last, const std::string& trailers) {
  unsent_ = data;
  is_last_ = last;
  if (last) request_trailers_ = trailers;
  if (std::exchange(waits_, false)) session_->resume(*this);
  while (id_ >= 0 && end_ == End::none && (!unsent_.empty() || (last && !has_sent_all_))) co_await sent_.wait();
  unsent_ = {};
  if (end_ != End::none || (last && !has_sent_all_)) co_return http::asio::error::broken_pipe;
  co_return http::error_code{};
}

std::size_t ClientStream::take_body(std::span<std::uint8_t> into) {
  const auto size = std::min(into.size(), unsent_.size());
  std::ranges::copy(unsent_.substr(0, size), into.begin());
  unsent_.remove_prefix(size);
  has_sent_all_ = is_last_ && unsent_.empty();
  waits_ = !is_last_ && unsent_.empty();
  if (unsent_.empty()) sent_.raise();
  return size;
}

http::Task<http::ClientExchange::Head> ClientStream::read_head(std::string_view method) {
  while (heads_.empty() && end_ == End::none) co_await received_.wait();
  if (!heads_.empty()) {
    head_text_ = std::move(heads_.front());
    heads_.pop_front();
    const bool has_ended = complete_ && heads_.empty() && arrived_.empty() && trailers_.empty();
    if (http2::read_head(head_text_, method, limits_, has_ended, response)) {
      has_no_body_ = response.framing == http::Framing::none;
      co_return Head::complete;
    }
    session_->reset(*this, NGHTTP2_PROTOCOL_ERROR);
    co_return Head::malformed;
  }
  switch (end_) {
    case End::malformed:
      co_return Head::malformed;
    case End::refused:
      co_return has_peer_reset_ ? Head::refused : Head::unprocessed;
    case End::lost:
      co_return is_reused_ && !has_been_heard_ ? Head::stale : Head::ended;
    default:
      co_return Head::ended;
  }
}

http::BodyReader::Piece ClientStream::next_buffered() {
  if (!read_.empty()) {
    session_->credit(id_, read_.size());
    read_.clear();
  }
  if (has_no_body_) return {Status::last, {}, {}};
  const bool is_here = complete_;
  if (!arrived_.empty()) {
    read_.swap(arrived_);
    return {is_here ? Status::last : Status::more, read_, {}};
  }
  if (is_here) return {Status::last, {}, {}};
  switch (end_) {
    case End::none:
      return {};
    case End::malformed:
      return {Status::malformed, {}, {}};
    case End::closed:
      return {Status::failed, {}, http::asio::error::operation_aborted};
    default:
      return {Status::cut, {}, http::asio::error::connection_reset};
  }
}

http::Task<http::BodyReader::Piece> ClientStream::next() {
  for (;;) {
    const auto piece = next_buffered();
    if (piece.status != Status::more || !piece.data.empty()) co_return piece;
    co_await received_.wait();
  }
}

void ClientStream::close() {
  if (timed_out) session_->doubt(*this);
  session_->reset(*this, NGHTTP2_CANCEL);
  fail(End::closed);
}

std::string ClientStream::ending() const {
  if (!has_peer_reset_ && peer_code_ == 0) return {};
  return std::string{"reset the call ("} + nghttp2_http2_strerror(peer_code_) + ")";
}

void ClientStream::begin_section() {
  has_been_heard_ = true;
  if (has_final_head_) {
    section_.begin_trailers();
  } else {
    section_.begin_head();
  }
}

bool ClientStream::take_field(std::string_view name, std::string_view value) { return section_.add(name, value); }

bool ClientStream::end_section(bool is_last) {
  if (!section_.end()) return false;
  if (has_final_head_) {
    trailer_text_ = std::move(section_.text());
    const auto parsed = http::parse_trailers(trailer_text_, limits_, trailers_);
    return is_last && parsed && *parsed == trailer_text_.size();
  }
  has_final_head_ = !section_.is_interim();
  if (!has_final_head_ && (is_last || heads_.size() >= session_->limits_.max_interim_heads)) return false;
  heads_.push_back(std::exchange(section_.text(), {}));
  received_.raise();
  return true;
}

void ClientStream::take_data(std::string_view data) {
  arrived_.append(data);
  received_.raise();
}

void ClientStream::end_response() {
  complete_ = true;
  received_.raise();
}

void ClientStream::fail(End end) {
  if (end_ == End::none) end_ = end;
  received_.raise();
  sent_.raise();
}

void ClientStream::stream_closed(std::uint32_t error_code) {
  id_ = -1;
  sent_.raise();
  if (complete_) return;
  if (error_code == NGHTTP2_REFUSED_STREAM && !has_been_heard_) {
    peer_code_ = error_code;
    fail(End::refused);
  } else {
    fail(has_peer_reset_ || error_code == NGHTTP2_REFUSED_STREAM ? End::reset : End::malformed);
  }
}

}  // namespace runagents::http2
