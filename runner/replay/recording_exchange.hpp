#pragma once

#include "runner/egress/call.hpp"
#include "runner/egress/exchange.hpp"
#include "runner/replay/tape.hpp"

namespace runagents::replay {

/// Passes a call's exchange on and keeps what its agent says and gets. Calls that were not sent on (refused ones), and
/// those that become a tunnel, are not kept.
class RecordingExchange final : public egress::Exchange {
 public:
  RecordingExchange(egress::Exchange& inner, Tape& tape, const egress::Call& call);
  ~RecordingExchange() override;

  /// The call is over: writes what there is of it, and lets go of the inner exchange. Whoever owns that takes `on_gone`
  /// back when a call ends by an exception, as for any exchange.
  void finish();

  [[nodiscard]] bool body_is_here() const override { return inner_.body_is_here(); }
  [[nodiscard]] http::Task<bool> gather_small_body() override { return inner_.gather_small_body(); }
  [[nodiscard]] http::Task<http::BodyReader::Piece> read_body() override;
  [[nodiscard]] const std::vector<http::Field>& request_trailers() const override { return inner_.request_trailers(); }
  [[nodiscard]] http::Task<std::optional<std::string>> read_whole_body(std::size_t limit) override;
  void stop_reading() override { inner_.stop_reading(); }
  [[nodiscard]] http::Task<bool> send_interim(int status, std::string_view reason, const std::string& fields) override;
  [[nodiscard]] http::Task<bool> send_head(const egress::ResponseStart& start, std::string_view body,
                                           bool last) override;
  [[nodiscard]] http::Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) override;
  void abort() override { inner_.abort(); }
  void end() override { inner_.end(); }
  [[nodiscard]] bool has_early_bytes() const override { return inner_.has_early_bytes(); }
  [[nodiscard]] http::Task<bool> open_tunnel() override;
  [[nodiscard]] http::ByteChannel& tunnel() override { return inner_.tunnel(); }
  [[nodiscard]] std::string take_tunnel_bytes() override { return inner_.take_tunnel_bytes(); }

 private:
  void watch();
  void add(std::string& to, std::string_view piece);

  egress::Exchange& inner_;
  Tape& tape_;
  const egress::Call& call_;
  RecordedCall recorded_;
  std::size_t room_ = 0;
  bool is_complete_ = false;  ///< the answer has its end
  bool is_too_large_ = false;
  bool is_tunnel_ = false;
};

}  // namespace runagents::replay
