#include "core/http2/server_callbacks.hpp"

#include <algorithm>

#include "core/http2/server_session.hpp"

namespace runagents::http2 {
namespace {

/// As SETTINGS_MAX_HEADER_LIST_SIZE counts (RFC 9113, section 6.5.2).
constexpr std::size_t field_overhead = 32;
constexpr std::size_t write_bytes = 64 * 1024;
constexpr std::uint8_t first_unknown_type = 0x0a;

ServerSession& session_of(void* user_data) { return *static_cast<ServerSession*>(user_data); }

ServerStream* stream_of(nghttp2_session* session, std::int32_t id) {
  return static_cast<ServerStream*>(nghttp2_session_get_stream_user_data(session, id));
}

bool ends_stream(const nghttp2_frame& frame) { return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0; }

/// Whether a frame asks for work and brings nothing.
bool is_idle(const nghttp2_frame_hd& frame) {
  switch (frame.type) {
    case NGHTTP2_DATA:
      return frame.length == 0 && (frame.flags & NGHTTP2_FLAG_END_STREAM) == 0;
    case NGHTTP2_PING:
    case NGHTTP2_SETTINGS:
    case NGHTTP2_PRIORITY:
    case NGHTTP2_WINDOW_UPDATE:
      return true;
    default:
      return frame.type >= first_unknown_type;
  }
}

}  // namespace

const nghttp2_session_callbacks* ServerCallbacks::all() {
  static const nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* one = nullptr;
    if (nghttp2_session_callbacks_new(&one) != 0) return one;
    nghttp2_session_callbacks_set_on_begin_frame_callback(one, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(one, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(one, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(one, on_invalid_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(one, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(one, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(one, on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(one, on_frame_sent);
    nghttp2_session_callbacks_set_send_callback(one, send);
    nghttp2_session_callbacks_set_send_data_callback(one, send_data);
    return one;
  }();
  return made;
}

int ServerCallbacks::on_begin_frame(nghttp2_session* /*session*/, const nghttp2_frame_hd* frame, void* user_data) {
  auto& own = session_of(user_data);
  own.unexplained_bytes_ -= static_cast<std::int64_t>(frame_head_bytes + frame->length);
  if (is_idle(*frame) && !own.idle_frames_.take()) own.refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
  if (frame->type == NGHTTP2_RST_STREAM && !own.resets_.take()) own.refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
  if (frame->type == NGHTTP2_CONTINUATION && ++own.continuations_ > own.limits_.max_continuations) {
    own.refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  own.is_head_frame_ = frame->type == NGHTTP2_HEADERS || frame->type == NGHTTP2_CONTINUATION;
  own.is_section_open_ = own.is_head_frame_ && (frame->flags & NGHTTP2_FLAG_END_HEADERS) == 0;
  if (frame->type == NGHTTP2_HEADERS) {
    own.continuations_ = 0;
    own.block_bytes_ = 0;
  }
  return 0;
}

int ServerCallbacks::on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
  auto& own = session_of(user_data);
  if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
  own.idle_frames_.earn(own.limits_.idle_frames_per_request);
  own.ignored_bytes_.earn(own.limits_.stream_window_bytes);
  // A stream that was reset is gone for nghttp2, and may still be at work here.
  if (own.streams_.size() >= 2 * std::size_t{own.limits_.max_concurrent_streams}) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }
  auto stream = own.make_stream(frame->hd.stream_id);
  nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream.get());
  own.streams_.insert_or_assign(frame->hd.stream_id, std::move(stream));
  return 0;
}

int ServerCallbacks::on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                               std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                               std::uint8_t /*flags*/, void* user_data) {
  auto& own = session_of(user_data);
  own.block_bytes_ += name_size + value_size + field_overhead;
  if (own.block_bytes_ > own.limits_.max_header_block_bytes) {
    own.refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
    return 0;
  }
  auto* stream = stream_of(session, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  stream->too_large_ = stream->too_large_ || own.block_bytes_ > own.limits_.max_header_list_bytes ||
                       ++stream->fields_ > own.limits_.max_header_fields;
  if (stream->too_large_) return 0;
  if (stream->has_head_) {
    stream->trailer_text_.append(as_text(name, name_size))
        .append(": ")
        .append(as_text(value, value_size))
        .append("\r\n");
  } else if (!stream->text_.add(as_text(name, name_size), as_text(value, value_size))) {
    stream->malformed_ = true;
  }
  return 0;
}

int ServerCallbacks::on_invalid_header(nghttp2_session* session, const nghttp2_frame* frame,
                                       const std::uint8_t* /*name*/, std::size_t /*name_size*/,
                                       const std::uint8_t* /*value*/, std::size_t /*value_size*/,
                                       std::uint8_t /*flags*/, void* /*user_data*/) {
  // By itself nghttp2 leaves such a field out and goes on with the rest of the request.
  if (auto* stream = stream_of(session, frame->hd.stream_id)) stream->malformed_ = true;
  return 0;
}

void ServerCallbacks::end_of_header_section(ServerSession& own, ServerStream& stream, const nghttp2_frame& frame) {
  if (!stream.has_head_) {
    stream.has_head_ = true;
    // The body may have come whole before anybody looks at the head.
    stream.has_body_ = !ends_stream(frame);
    stream.fields_ = 0;
    own.begun_.push_back(frame.hd.stream_id);
    return;
  }
  stream.trailer_text_.append("\r\n");
  const http::HeadLimits limits{own.limits_.max_header_list_bytes, own.limits_.max_header_fields};
  const auto parsed = http::parse_trailers(stream.trailer_text_, limits, stream.trailers_);
  if (!parsed || *parsed != stream.trailer_text_.size() || stream.too_large_) stream.malformed_ = true;
}

int ServerCallbacks::on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
  auto& own = session_of(user_data);
  if (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA) return 0;
  auto* stream = stream_of(session, frame->hd.stream_id);
  if (stream == nullptr) return 0;
  if (frame->hd.type == NGHTTP2_HEADERS) end_of_header_section(own, *stream, *frame);
  if (stream->malformed_) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
    return 0;
  }
  if (ends_stream(*frame)) {
    stream->request_ended_ = true;
    stream->more_.raise();
  }
  return 0;
}

int ServerCallbacks::on_data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
                             const std::uint8_t* data, std::size_t size, void* /*user_data*/) {
  // What is not read yet is bounded by each stream's own window, so that one that stands does not hold the others.
  nghttp2_session_consume_connection(session, size);
  auto* stream = stream_of(session, id);
  if (stream == nullptr || stream->is_served_) {
    nghttp2_session_consume_stream(session, id, size);
    return 0;
  }
  stream->incoming_.append(as_text(data, size));
  stream->more_.raise();
  return 0;
}

int ServerCallbacks::on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t error_code,
                                     void* user_data) {
  auto& own = session_of(user_data);
  auto* stream = stream_of(session, id);
  if (stream == nullptr) return 0;
  nghttp2_session_set_stream_user_data(session, id, nullptr);
  stream->is_over_ = true;
  if (stream->is_served_ || !stream->is_started_) {
    own.streams_.erase(id);
  } else if (error_code != NGHTTP2_NO_ERROR || !stream->response_ended_ || !stream->outgoing_.empty()) {
    // Those who wait are told when nghttp2 is not in the middle of something.
    own.left_.push_back(id);
    own.flush();
  } else if (!stream->request_ended_) {
    stream->stop_reading();
  }
  return 0;
}

int ServerCallbacks::on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data) {
  auto& own = session_of(user_data);
  if (frame->hd.type == NGHTTP2_DATA) own.idle_frames_.earn(own.limits_.idle_frames_per_sent_frame);
  if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code != NGHTTP2_NO_ERROR && !own.resets_.take()) {
    own.refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
  }
  const bool is_message = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
  if (!is_message || !ends_stream(*frame)) return 0;
  auto* stream = stream_of(session, frame->hd.stream_id);
  // The rest of a request that has its answer is not wanted (RFC 9113, section 8.1); a tunnel ends in each direction by
  // itself.
  if (stream != nullptr && !stream->request_ended_ && !stream->is_tunnel_) {
    nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_NO_ERROR);
  }
  return 0;
}

ssize_t ServerCallbacks::read_response(nghttp2_session* session, std::int32_t id, std::uint8_t* /*into*/,
                                       std::size_t size, std::uint32_t* flags, nghttp2_data_source* source,
                                       void* /*user_data*/) {
  auto& stream = *static_cast<ServerStream*>(source->ptr);
  const auto there = stream.outgoing_.size() - stream.sent_;
  if (there == 0 && !stream.response_ended_) {
    stream.deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (there <= size && stream.response_ended_) {
    if (!end_with(session, id, stream.block_, stream.outgoing_trailers_, *flags)) return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(std::min(there, size));
}

ssize_t ServerCallbacks::send(nghttp2_session* /*session*/, const std::uint8_t* data, std::size_t size, int /*flags*/,
                              void* user_data) {
  auto& out = session_of(user_data).out_;
  if (out.size() >= write_bytes) return NGHTTP2_ERR_WOULDBLOCK;
  out.append(as_text(data, size));
  return static_cast<ssize_t>(size);
}

int ServerCallbacks::send_data(nghttp2_session* /*session*/, nghttp2_frame* /*frame*/, const std::uint8_t* frame_head,
                               std::size_t size, nghttp2_data_source* source, void* user_data) {
  auto& own = session_of(user_data);
  if (own.out_.size() >= write_bytes) return NGHTTP2_ERR_WOULDBLOCK;
  auto& stream = *static_cast<ServerStream*>(source->ptr);
  own.out_.append(as_text(frame_head, frame_head_bytes)).append(stream.outgoing_, stream.sent_, size);
  stream.sent_ += size;
  if (stream.sent_ == stream.outgoing_.size()) {
    stream.outgoing_.clear();
    stream.sent_ = 0;
  }
  stream.room_.raise();
  return 0;
}

}  // namespace runagents::http2
