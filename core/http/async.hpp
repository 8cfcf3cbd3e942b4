#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include "core/http/frame_memory.hpp"

namespace runagents::http {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

/// A coroutine of the engine. It starts, runs and ends on the thread of its io_context. A coroutine that is a lambda
/// captures nothing: its parameters are its state.
template <class T>
using Task = asio::awaitable<T, asio::io_context::executor_type>;

using Socket = asio::basic_stream_socket<tcp, asio::io_context::executor_type>;
using Timer = asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                                         asio::io_context::executor_type>;

/// Completion by value: `auto [error, size] = co_await socket.async_read_some(buffer, by_value);`
inline constexpr auto by_value = asio::as_tuple(asio::use_awaitable_t<asio::io_context::executor_type>{});

}  // namespace runagents::http
