#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nghttp2/nghttp2.h>
#include <string_view>
#include <sys/types.h>

#include "core/http2/header_block.hpp"

namespace runagents::http2 {

struct NativeDeleter {
  void operator()(nghttp2_session* session) const noexcept { nghttp2_session_del(session); }
  void operator()(nghttp2_option* option) const noexcept { nghttp2_option_del(option); }
};
using NativeSession = std::unique_ptr<nghttp2_session, NativeDeleter>;
using NativeOption = std::unique_ptr<nghttp2_option, NativeDeleter>;

/// An option with what is asked of every session: windows move only when what came has been read, and streams that are
/// over are forgotten. Null: no memory.
[[nodiscard]] NativeOption new_option();

/// Of every frame (RFC 9113, section 4.1).
inline constexpr std::size_t frame_head_bytes = 9;

[[nodiscard]] inline std::string_view as_text(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

/// For a data source that has given its last byte: ends the stream with it, or with `trailers`, field lines, for which
/// `block` is used. False: no memory.
[[nodiscard]] bool end_with(nghttp2_session* session, std::int32_t id, HeaderBlock& block, std::string_view trailers,
                            std::uint32_t& flags);

}  // namespace runagents::http2
