#include "core/http2/server_session.hpp"

#include <array>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "core/http2/server_callbacks.hpp"

namespace runagents::http2 {
namespace {

constexpr std::size_t read_bytes = 32 * 1024;
constexpr std::size_t max_linger_bytes = 1024 * 1024;

nghttp2_session* make_session(ServerSession* own, const ServerLimits& limits) {
  const auto option = new_option();
  if (!option) return nullptr;
  nghttp2_option_set_max_outbound_ack(option.get(), limits.max_queued_answers);
  nghttp2_session* session = nullptr;
  if (nghttp2_session_server_new2(&session, ServerCallbacks::all(), own, option.get()) != 0) return nullptr;
  const std::array<nghttp2_settings_entry, 5> settings{{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits.max_concurrent_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits.stream_window_bytes},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(limits.max_header_list_bytes)},
      {NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, limits.header_table_bytes},
      {NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
  }};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0,
                                        static_cast<std::int32_t>(limits.connection_window_bytes));
  return session;
}

}  // namespace

ServerSession::ServerSession(http::asio::io_context& context, http::Ticker& ticker, http::Stream& stream,
                             TargetForm form, std::string scheme, const http::ConnectionTimes& times,
                             const ServerLimits& limits)
    : Ticking{ticker},
      context_{context},
      ticker_{ticker},
      stream_{stream},
      form_{form},
      scheme_{std::move(scheme)},
      times_{times},
      limits_{limits},
      session_{make_session(this, limits)},
      to_write_{context},
      ended_{context},
      resets_{limits.resets},
      idle_frames_{limits.idle_frames},
      ignored_bytes_{limits.ignored_bytes} {}

ServerSession::~ServerSession() = default;

std::unique_ptr<ServerStream> ServerSession::make_stream(std::int32_t id) {
  return std::make_unique<ServerStream>(*this, id);
}

http::Task<void> ServerSession::serve(std::string_view received) {
  if (!session_) co_return;
  ++active_;
  http::asio::co_spawn(context_, write_loop(), http::asio::detached);
  co_await read_loop(received);
  close();
  while (active_ > 0) co_await ended_.wait();
}

http::Task<void> ServerSession::read_loop(std::string_view received) {
  std::vector<char> buffer(read_bytes);
  bool is_sound = take_in(received);
  // After a mistake nothing is taken in, and still read: closing with unread input would reset the connection and could
  // take the GOAWAY with it.
  for (std::size_t read = 0; is_sound && !closed_ && read < max_linger_bytes;) {
    const auto [error, size] = co_await stream_.read_some(buffer);
    if (error) break;
    is_sound = take_in({buffer.data(), size});
    read = lingers_ ? read + size : 0;
  }
}

/// False: the connection is over.
bool ServerSession::take_in(std::string_view bytes) {
  bool sound = false;
  try {
    sound = nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                     bytes.size()) >= 0;
    count_ignored(bytes.size());
    if (!in_header_section() && !lingers_) quiet_ticks_ = 0;
    tell_left();
    start_streams();
  } catch (const std::exception&) {
    // No memory: the connection ends, the others go on.
    sound = false;
  }
  if (!sound) {
    close();
    return false;
  }
  flush();
  return true;
}

void ServerSession::count_ignored(std::size_t received) {
  unexplained_bytes_ += static_cast<std::int64_t>(received);
  if (unexplained_bytes_ <= 0) return;
  // The rest of a section that nghttp2 does not read is not shown here.
  is_section_open_ = false;
  if (!ignored_bytes_.take(static_cast<double>(std::exchange(unexplained_bytes_, 0)))) {
    refuse_peer(NGHTTP2_ENHANCE_YOUR_CALM);
  }
}

bool ServerSession::in_header_section() const noexcept {
  return is_section_open_ || (is_head_frame_ && unexplained_bytes_ < 0);
}

void ServerSession::start_streams() {
  for (const auto id : std::exchange(begun_, {})) {
    const auto found = streams_.find(id);
    if (found == streams_.end()) continue;
    auto& stream = *found->second;
    if (stream.malformed_) continue;
    stream.is_started_ = true;
    ++active_;
    http::asio::co_spawn(context_, answer(stream), http::asio::detached);
  }
}

/// Tells those whose stream has ended before its answer.
void ServerSession::tell_left() {
  for (const auto id : std::exchange(left_, {})) {
    if (const auto found = streams_.find(id); found != streams_.end()) found->second->gone();
  }
}

http::Task<void> ServerSession::answer(ServerStream& stream) {
  try {
    co_await respond(stream);
  } catch (const std::exception&) {
    // A broken invariant or no memory: this request ends, unanswered; the others go on.
    stream.on_gone = nullptr;
  }
  if (!stream.response_ended_) stream.abort();
  stream.incoming_.clear();
  stream.is_served_ = true;
  if (stream.is_over_) streams_.erase(stream.id_);
  --active_;
  ended_.raise();
}

http::Task<void> ServerSession::respond(ServerStream& stream) {
  if (stream.too_large_) {
    stream.head_ = http::RequestHead{};
    co_await refuse_head(stream, {http::HeadError::Kind::too_large, "the header section is too large"});
    co_return;
  }
  const http::HeadLimits limits{limits_.max_header_list_bytes, limits_.max_header_fields};
  const auto read = stream.text_.finish(stream.has_body_, form_, scheme_, limits, stream.head_);
  if (!read) {
    stream.head_ = http::RequestHead{};
    co_await refuse_head(stream, read.error());
    co_return;
  }
  if (stream.head_.framing == http::Framing::none && !stream.head_.wants_upgrade && !stream.text_.is_tunnel()) {
    // What says that it has no body, and has one, has two readings.
    const bool is_sound = co_await stream.await_end();
    if (!is_sound) co_return;
  }
  co_await handle(stream);
}

http::Task<void> ServerSession::write_loop() {
  while (!closed_) {
    out_.clear();
    if (nghttp2_session_send(session_.get()) != 0) {
      close();
      break;
    }
    tell_left();
    if (out_.empty()) {
      if (nghttp2_session_want_read(session_.get()) == 0) break;
      co_await to_write_.wait();
      continue;
    }
    arm(times_.write);
    const auto error = co_await stream_.write(out_);
    disarm();
    if (error) close();
  }
  lingers_ = true;
  quiet_ticks_ = 0;
  if (!closed_) stream_.end_writing();
  --active_;
  ended_.raise();
}

void ServerSession::refuse_peer(std::uint32_t error_code) {
  nghttp2_session_terminate_session(session_.get(), error_code);
}

void ServerSession::close() {
  if (std::exchange(closed_, true)) return;
  stream_.end_writing();
  stream_.close();
  to_write_.raise();
  ended_.raise();
  for (const auto& [id, stream] : streams_) stream->gone();
}

void ServerSession::expired() { close(); }

void ServerSession::tick() {
  if (closed_) return;
  if (lingers_) {
    if (++quiet_ticks_ * http::Ticker::period >= times_.linger) close();
    return;
  }
  const bool in_section = in_header_section();
  if (!streams_.empty() && !in_section) quiet_ticks_ = 0;
  const auto quiet = ++quiet_ticks_ * http::Ticker::period;
  if (quiet >= (in_section ? times_.head : times_.idle)) {
    nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
    flush();
  }
}

}  // namespace runagents::http2
