#pragma once

#include <cstddef>
#include <cstdint>
#include <nghttp2/nghttp2.h>
#include <string_view>
#include <sys/types.h>

namespace runagents::http2 {

class ServerSession;
class ServerStream;

/// What nghttp2 tells a server session, and what it asks for. `user_data` is the session.
class ServerCallbacks {
 public:
  /// All of them, for nghttp2_session_server_new2; made once, and the program's until its end.
  [[nodiscard]] static const nghttp2_session_callbacks* all();

  /// The body of a response, for nghttp2_submit_response.
  static ssize_t read_response(nghttp2_session* session, std::int32_t id, std::uint8_t* into, std::size_t size,
                               std::uint32_t* flags, nghttp2_data_source* source, void* user_data);

 private:
  static int on_begin_frame(nghttp2_session* session, const nghttp2_frame_hd* frame, void* user_data);
  static int on_begin_headers(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int on_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                       std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t flags,
                       void* user_data);
  static int on_invalid_header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                               std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                               std::uint8_t flags, void* user_data);
  static int on_frame(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static int on_data(nghttp2_session* session, std::uint8_t flags, std::int32_t id, const std::uint8_t* data,
                     std::size_t size, void* user_data);
  static int on_stream_close(nghttp2_session* session, std::int32_t id, std::uint32_t error_code, void* user_data);
  static int on_frame_sent(nghttp2_session* session, const nghttp2_frame* frame, void* user_data);
  static ssize_t send(nghttp2_session* session, const std::uint8_t* data, std::size_t size, int flags, void* user_data);
  static int send_data(nghttp2_session* session, nghttp2_frame* frame, const std::uint8_t* frame_head, std::size_t size,
                       nghttp2_data_source* source, void* user_data);
  static void end_of_header_section(ServerSession& own, ServerStream& stream, const nghttp2_frame& frame);
};

}  // namespace runagents::http2
