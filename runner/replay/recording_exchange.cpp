#include "runner/replay/recording_exchange.hpp"

#include <utility>

#include "runner/replay/playing.hpp"

namespace runagents::replay {

RecordingExchange::RecordingExchange(egress::Exchange& inner, Tape& tape, const egress::Call& call)
    : inner_{inner}, tape_{tape}, call_{call} {
  recorded_.number = tape_.next_number();
  watch();
}

// When a run is torn down, the inner exchange may have gone before.
RecordingExchange::~RecordingExchange() { tape_.give_room(room_); }

/// Who begins to wait after the client has left is told, too.
void RecordingExchange::watch() {
  inner_.on_gone = [this] {
    watch();
    if (const auto told = std::exchange(on_gone, nullptr)) told();
  };
}

void RecordingExchange::finish() {
  inner_.on_gone = nullptr;
  const bool was_sent = call_.sent != egress::Clock::time_point{};
  if (!was_sent && !is_tunnel_) return;
  if (is_tunnel_ || is_too_large_ || recorded_.status == 0) {
    tape_.leave_out();
    return;
  }
  recorded_.key = key_of(call_);
  recorded_.is_cut = !is_complete_;
  tape_.keep(recorded_);
}

void RecordingExchange::add(std::string& to, std::string_view piece) {
  if (is_too_large_ || piece.empty()) return;
  if (piece.size() > Tape::max_body - to.size() || !tape_.take_room(piece.size())) {
    is_too_large_ = true;
    return;
  }
  room_ += piece.size();
  to.append(piece);
}

http::Task<http::BodyReader::Piece> RecordingExchange::read_body() {
  const auto piece = co_await inner_.read_body();
  add(recorded_.request, piece.data);
  co_return piece;
}

http::Task<std::optional<std::string>> RecordingExchange::read_whole_body(std::size_t limit) {
  auto body = co_await inner_.read_whole_body(limit);
  if (body) add(recorded_.request, *body);
  co_return body;
}

http::Task<bool> RecordingExchange::send_interim(int status, std::string_view reason, const std::string& fields) {
  if (status == 101) is_tunnel_ = true;
  return inner_.send_interim(status, reason, fields);
}

http::Task<bool> RecordingExchange::send_head(const egress::ResponseStart& start, std::string_view body, bool last) {
  recorded_.status = start.status;
  if (start.fields != nullptr) recorded_.fields = replaced(*start.fields, door_of(call_), own_door);
  recorded_.content_length = start.content_length;
  recorded_.has_body = start.has_body;
  add(recorded_.body, body);
  is_complete_ = last;
  return inner_.send_head(start, body, last);
}

http::Task<bool> RecordingExchange::send_body(std::string_view body, bool last, const std::string& trailers) {
  add(recorded_.body, body);
  if (last) recorded_.trailers = trailers;
  is_complete_ = last;
  return inner_.send_body(body, last, trailers);
}

http::Task<bool> RecordingExchange::open_tunnel() { return inner_.open_tunnel(); }

}  // namespace runagents::replay
