#include "core/http2/native.hpp"

namespace runagents::http2 {

NativeOption new_option() {
  nghttp2_option* made = nullptr;
  if (nghttp2_option_new(&made) != 0) return nullptr;
  nghttp2_option_set_no_auto_window_update(made, 1);
  nghttp2_option_set_no_closed_streams(made, 1);
  return NativeOption{made};
}

bool end_with(nghttp2_session* session, std::int32_t id, HeaderBlock& block, std::string_view trailers,
              std::uint32_t& flags) {
  flags |= NGHTTP2_DATA_FLAG_EOF;
  if (trailers.empty()) return true;
  flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  block.clear();
  block.add_lines(trailers);
  const auto& fields = block.fields();
  return nghttp2_submit_trailer(session, id, fields.data(), fields.size()) == 0;
}

}  // namespace runagents::http2
