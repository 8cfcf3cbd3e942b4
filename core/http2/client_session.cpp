#include "core/http2/client_session.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http2/client_stream.hpp"
#include "core/http2/request_block.hpp"

namespace runagents::http2 {
namespace {

constexpr std::size_t read_size = 64 * 1024;
constexpr std::size_t write_size = 64 * 1024;
constexpr std::uint64_t ticks_per_second = std::chrono::seconds{1} / http::Ticker::period;

std::uint64_t in_ticks(std::chrono::milliseconds time) {
  return static_cast<std::uint64_t>(time / http::Ticker::period);
}

}  // namespace

/// What nghttp2 calls. Nothing here may send or end the session; answers are submitted and leave later.
struct ClientCallbacks {
  static ClientSession& session(void* user) { return *static_cast<ClientSession*>(user); }
  static ClientStream* stream(nghttp2_session* session, std::int32_t id) {
    return static_cast<ClientStream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* /*user*/) {
    if (auto* one = stream(session, frame->hd.stream_id)) one->begin_section();
    return 0;
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t /*flags*/,
                    void* /*user*/) {
    auto* one = stream(session, frame->hd.stream_id);
    if (one == nullptr || one->take_field(as_text(name, name_size), as_text(value, value_size))) return 0;
    one->fail(ClientStream::End::malformed);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* /*name*/,
                            std::size_t /*name_size*/, const std::uint8_t* /*value*/, std::size_t /*value_size*/,
                            std::uint8_t /*flags*/, void* /*user*/) {
    if (auto* one = stream(session, frame->hd.stream_id)) one->fail(ClientStream::End::malformed);
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int frame_received(nghttp2_session* session, const nghttp2_frame* frame, void* user) {
    auto& self = ClientCallbacks::session(user);
    const bool is_last = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    auto* one = frame->hd.stream_id > 0 ? stream(session, frame->hd.stream_id) : nullptr;
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        if (one == nullptr) return 0;
        self.count_useful(frame->hd.length);
        if (!one->end_section(is_last)) {
          one->fail(ClientStream::End::malformed);
          return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
        }
        if (is_last) one->end_response();
        break;
      case NGHTTP2_DATA:
        if (one != nullptr && is_last) one->end_response();
        break;
      case NGHTTP2_RST_STREAM:
        if (one != nullptr) {
          one->has_peer_reset_ = true;
          one->peer_code_ = frame->rst_stream.error_code;
        }
        break;
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) self.greeted();
        break;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && std::exchange(self.asked_, 0) != 0) {
          self.is_doubted_ = false;
          self.changed();
        }
        break;
      case NGHTTP2_WINDOW_UPDATE:
        if (self.owed_updates_ > 0) {
          --self.owed_updates_;
          self.count_useful(frame->hd.length);
        }
        break;
      case NGHTTP2_GOAWAY:
        self.leaving_ = true;
        self.changed();
        break;
      default:
        break;
    }
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    auto* one = stream(session, id);
    if (one == nullptr || one->end_ != ClientStream::End::none) return nghttp2_session_consume(session, id, size);
    ClientCallbacks::session(user).count_useful(size);
    one->take_data(as_text(bytes, size));
    return 0;
  }

  static int stream_closed(nghttp2_session* session, std::int32_t id, std::uint32_t error_code, void* /*user*/) {
    if (auto* one = stream(session, id)) one->stream_closed(error_code);
    return 0;
  }

  static int frame_sent(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    auto& self = ClientCallbacks::session(user);
    constexpr std::uint64_t per_frame = 2;  // the server may move both windows for it
    if (frame->hd.type == NGHTTP2_DATA) self.owed_updates_ += per_frame;
    // nghttp2 ends a connection by itself when it is told something that makes no sense.
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR) self.disown();
    if (frame->hd.type == NGHTTP2_HEADERS) {
      if (auto* one = stream(self.session_.get(), frame->hd.stream_id)) one->is_sent_ = true;
    }
    return 0;
  }

  /// A request that was queued and may not be sent any more.
  static int frame_not_sent(nghttp2_session* /*session*/, const nghttp2_frame* frame, int /*error*/, void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    for (auto* one : ClientCallbacks::session(user).streams_) {
      if (one->id_ == frame->hd.stream_id) one->stream_closed(NGHTTP2_REFUSED_STREAM);
    }
    return 0;
  }

  static ssize_t read_body(nghttp2_session* session, std::int32_t id, std::uint8_t* into, std::size_t size,
                           std::uint32_t* flags, nghttp2_data_source* /*source*/, void* user) {
    auto* one = stream(session, id);
    if (one == nullptr) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    if (one->waits_) return NGHTTP2_ERR_DEFERRED;
    const auto taken = one->take_body({into, size});
    if (one->has_sent_all_) {
      auto& block = ClientCallbacks::session(user).block_;
      if (!end_with(session, id, block, one->request_trailers_, *flags)) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    } else if (taken == 0) {
      return NGHTTP2_ERR_DEFERRED;
    }
    return static_cast<ssize_t>(taken);
  }

  static const nghttp2_session_callbacks* all() {
    static const nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* one = nullptr;
      if (nghttp2_session_callbacks_new(&one) != 0) return one;
      nghttp2_session_callbacks_set_on_begin_headers_callback(one, begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(one, header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(one, invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(one, frame_received);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(one, data);
      nghttp2_session_callbacks_set_on_stream_close_callback(one, stream_closed);
      nghttp2_session_callbacks_set_on_frame_send_callback(one, frame_sent);
      nghttp2_session_callbacks_set_on_frame_not_send_callback(one, frame_not_sent);
      return one;
    }();
    return made;
  }
};

ClientSession::ClientSession(http::asio::io_context& context, http::Ticker& ticker, http::Stream stream,
                             const ClientLimits& limits)
    : Ticking{ticker},
      context_{context},
      ticker_{ticker},
      limits_{limits},
      stream_{std::move(stream)},
      to_write_{context} {}

ClientSession::~ClientSession() = default;

std::shared_ptr<ClientSession> ClientSession::start(http::asio::io_context& context, http::Ticker& ticker,
                                                    http::Stream stream, const ClientLimits& limits) {
  std::shared_ptr<ClientSession> self{new ClientSession{context, ticker, std::move(stream), limits}};
  if (!self->greet()) {
    self->end();
    return self;
  }
  http::asio::co_spawn(context, read(self), http::asio::detached);
  http::asio::co_spawn(context, write(self), http::asio::detached);
  return self;
}

bool ClientSession::greet() {
  const auto option = new_option();
  if (!option) return false;
  nghttp2_option_set_max_settings(option.get(), limits_.max_settings);
  nghttp2_option_set_max_outbound_ack(option.get(), limits_.max_pending_answers);
  nghttp2_option_set_max_reserved_remote_streams(option.get(), 0);
  nghttp2_option_set_peer_max_concurrent_streams(option.get(), limits_.max_streams);
  nghttp2_session* made = nullptr;
  if (nghttp2_session_client_new2(&made, ClientCallbacks::all(), this, option.get()) != 0) return false;
  session_.reset(made);
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.stream_window},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits_.max_head_bytes)},
  };
  arm(limits_.greeting_time);
  return nghttp2_submit_settings(made, NGHTTP2_FLAG_NONE, settings.data(), settings.size()) == 0 &&
         nghttp2_session_set_local_window_size(made, NGHTTP2_FLAG_NONE, 0,
                                               static_cast<std::int32_t>(limits_.connection_window)) == 0;
}

std::size_t ClientSession::room() const noexcept {
  if (is_over() || asked_ != 0) return 0;
  if (!has_greeted_) return streams_.empty() ? 1 : 0;
  const auto most =
      std::min(nghttp2_session_get_remote_settings(session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS),
               limits_.max_streams);
  return most > streams_.size() ? most - streams_.size() : 0;
}

bool ClientSession::is_warming() const noexcept {
  return !is_over() && (!has_greeted_ || (asked_ != 0 && !is_doubted_));
}

bool ClientSession::is_doubtful() const noexcept {
  return !is_over() && streams_.empty() && has_greeted_ && ticks_ - last_heard_ > in_ticks(limits_.doubtful_after);
}

void ClientSession::ask() {
  if (ended_ || asked_ != 0) return;
  asked_ = std::max<std::uint64_t>(ticks_, 1);
  if (nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr) != 0) return end();
  flush();
}

std::unique_ptr<ClientStream> ClientSession::open() {
  auto stream = std::make_unique<ClientStream>(shared_from_this());
  ++opened_;
  return stream;
}

void ClientSession::close() {
  if (!ended_) end();
}

http::Task<void> ClientSession::read(std::shared_ptr<ClientSession> self) {
  std::vector<char> block(read_size);
  while (!self->ended_) {
    const auto [error, size] = co_await self->stream_.read_some(block);
    if (error || self->ended_) break;
    self->last_heard_ = self->ticks_;
    ++self->heard_;
    self->idle_bytes_ += size;
    const auto taken =
        nghttp2_session_mem_recv(self->session_.get(), reinterpret_cast<const std::uint8_t*>(block.data()), size);
    if (taken < 0 || self->idle_bytes_ > self->limits_.idle_bytes_at_once) {
      self->give_up(taken < 0 && taken != NGHTTP2_ERR_FLOODED ? NGHTTP2_PROTOCOL_ERROR : NGHTTP2_ENHANCE_YOUR_CALM);
      co_return;
    }
    self->flush();
  }
  self->end();
}

http::Task<void> ClientSession::write(std::shared_ptr<ClientSession> self) {
  for (;;) {
    const bool has_more = self->gather();
    if (!self->out_.empty()) {
      const auto error = co_await self->stream_.write(self->out_);
      if (error) break;
    }
    if (self->ended_ || (!has_more && self->is_done())) break;
    if (!has_more) co_await self->to_write_.wait();
  }
  self->end();
}

/// What is to be written, up to a block of it. False: that was all.
bool ClientSession::gather() {
  out_.clear();
  while (!ended_ && out_.size() < write_size) {
    const std::uint8_t* bytes = nullptr;
    const auto size = nghttp2_session_mem_send(session_.get(), &bytes);
    if (size <= 0) {
      if (size < 0) end();
      return false;
    }
    out_.append(as_text(bytes, static_cast<std::size_t>(size)));
  }
  return !ended_;
}

/// Nothing comes any more, and nothing is left to say.
bool ClientSession::is_done() const {
  return nghttp2_session_want_read(session_.get()) == 0 && nghttp2_session_want_write(session_.get()) == 0;
}

void ClientSession::greeted() {
  if (!std::exchange(has_greeted_, true)) {
    if (streams_.empty()) {
      arm(limits_.rest);
    } else {
      disarm();
    }
  }
  changed();
}

/// What the server says is not listened to any more; it is told why.
void ClientSession::give_up(std::uint32_t error_code) {
  nghttp2_session_terminate_session(session_.get(), error_code);
  arm(limits_.ping_time);
  flush();
  disown();
}

/// What is not complete yet will not be.
void ClientSession::disown() {
  leaving_ = true;
  is_unsound_ = true;
  for (auto* stream : streams_) {
    if (!stream->complete_) stream->fail(ClientStream::End::malformed);
  }
  changed();
}

void ClientSession::end() {
  if (std::exchange(ended_, true)) return;
  disarm();
  for (auto* stream : streams_) {
    const bool is_unsent = stream->id_ >= 0 && !stream->is_sent_;
    stream->id_ = -1;
    if (!stream->complete_) stream->fail(is_unsent ? ClientStream::End::refused : ClientStream::End::lost);
  }
  stream_.close();
  to_write_.raise();
  changed();
}

bool ClientSession::submit(ClientStream& stream, bool has_body) {
  if (ended_) return false;
  write_request(block_, stream.out, stream_.ssl() != nullptr ? "https" : "http", stream.wants_trailers);
  const auto& fields = block_.fields();
  const nghttp2_data_provider body{.source = {.ptr = nullptr}, .read_callback = ClientCallbacks::read_body};
  stream.id_ = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(), has_body ? &body : nullptr,
                                      &stream);
  stream.heard_before_ = heard_;
  flush();
  return stream.id_ >= 0;
}

void ClientSession::resume(ClientStream& stream) {
  if (ended_ || stream.id_ < 0) return;
  nghttp2_session_resume_data(session_.get(), stream.id_);
  flush();
}

void ClientSession::reset(ClientStream& stream, std::uint32_t error_code) {
  if (ended_ || stream.id_ < 0) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, error_code);
  flush();
}

void ClientSession::doubt(const ClientStream& stream) {
  if (is_over() || stream.id_ < 0 || heard_ != stream.heard_before_) return;
  is_doubted_ = true;
  ask();
  changed();
}

void ClientSession::credit(std::int32_t id, std::size_t size) {
  if (ended_ || size == 0) return;
  if (id >= 0) {
    nghttp2_session_consume(session_.get(), id, size);
  } else {
    nghttp2_session_consume_connection(session_.get(), size);
  }
  if (nghttp2_session_want_write(session_.get()) != 0) flush();
}

void ClientSession::attach(ClientStream& stream) {
  stream.place_ = streams_.size();
  streams_.push_back(&stream);
  // A connection may be over before its first call is there.
  if (is_over()) return stream.fail(is_unsound_ ? ClientStream::End::malformed : ClientStream::End::refused);
  if (has_greeted_) disarm();
}

void ClientSession::detach(ClientStream& stream) {
  if (!ended_) {
    credit(stream.id_, stream.arrived_.size() + stream.read_.size());
    if (stream.id_ >= 0) nghttp2_session_set_stream_user_data(session_.get(), stream.id_, nullptr);
  }
  streams_[stream.place_] = streams_.back();
  streams_[stream.place_]->place_ = stream.place_;
  streams_.pop_back();
  if (ended_) return;
  if (streams_.empty()) {
    if (has_greeted_ && !leaving_) arm(limits_.rest);
    flush();
  }
  changed();
}

void ClientSession::changed() const {
  if (on_change) on_change();
}

void ClientSession::count_useful(std::size_t size) noexcept {
  idle_bytes_ -= std::min<std::uint64_t>(idle_bytes_, size + frame_head_bytes);
}

void ClientSession::expired() {
  // The server has not greeted, does not let us go, or nobody has had a call for it.
  if (leaving_ || !has_greeted_) return end();
  leaving_ = true;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
  arm(limits_.ping_time);
  flush();
  changed();
}

void ClientSession::tick() {
  ++ticks_;
  if (ended_) return;
  idle_bytes_ -= std::min<std::uint64_t>(idle_bytes_, limits_.idle_bytes_per_second / ticks_per_second);
  if (asked_ != 0) {
    if (ticks_ - asked_ > in_ticks(limits_.ping_time)) end();
  } else if (has_greeted_ && !streams_.empty() && ticks_ - last_heard_ > in_ticks(limits_.silence)) {
    ask();
  }
}

}  // namespace runagents::http2
