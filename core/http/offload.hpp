#pragma once

#include <functional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/thread_pool.hpp>

#include "core/http/async.hpp"

namespace runagents::http {

/// Threads for work that blocks: databases, files, commands. Work begins in the order in which it came.
using Worker = boost::asio::thread_pool;

/// Runs `work` on the worker and resumes the caller, on the caller's own thread, with what it returned.
template <class T>
[[nodiscard]] Task<T> offload(Worker& worker, std::function<T()> work) {
  const auto executor = co_await asio::this_coro::executor;
  constexpr asio::use_awaitable_t<asio::io_context::executor_type> token;
  co_return co_await asio::async_initiate<decltype(token), void(T)>(
      [executor](auto handler, Worker* pool, std::function<T()> job) {
        asio::post(*pool, [executor, handler = std::move(handler), job = std::move(job)]() mutable {
          T result = job();
          asio::post(executor, [handler = std::move(handler), result = std::move(result)]() mutable {
            std::move(handler)(std::move(result));
          });
        });
      },
      token, &worker, std::move(work));
}

}  // namespace runagents::http
