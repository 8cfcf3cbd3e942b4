#pragma once

#include <cstddef>

#include <boost/asio/detail/thread_info_base.hpp>

namespace runagents::http {

/// Memory for the frame of a coroutine. Every call begins and ends a dozen of them, so what one leaves the next of its
/// size takes: each thread keeps some of each size. Throws std::bad_alloc.
[[nodiscard]] void* take_frame(std::size_t size);
/// Gives back what take_frame returned for this size, on any thread.
void give_frame(void* frame, std::size_t size) noexcept;

}  // namespace runagents::http

// Asio itself keeps two frames per thread, and none of more than 1020 bytes. These take the place of its own functions
// in every file that knows http::Task.
template <>
inline void* boost::asio::detail::thread_info_base::allocate(awaitable_frame_tag /*purpose*/,
                                                             thread_info_base* /*this_thread*/, std::size_t size,
                                                             std::size_t /*align*/) {
  return runagents::http::take_frame(size);
}

template <>
inline void boost::asio::detail::thread_info_base::deallocate(awaitable_frame_tag /*purpose*/,
                                                              thread_info_base* /*this_thread*/, void* pointer,
                                                              std::size_t size) {
  runagents::http::give_frame(pointer, size);
}
