#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/http/server_connection.hpp"
#include "core/http/ticker.hpp"
#include "server/http/endpoint.hpp"
#include "server/http/metrics.hpp"
#include "server/http/planes.hpp"
#include "server/http/rate_limit.hpp"

namespace runagents::server {

/// What all connections of a server share. Of the event loop's thread.
struct Site {
  Site(http::asio::io_context& loop, Planes& workers, Planes& patient_workers, std::uint32_t requests_per_second)
      : context{loop},
        ticker{loop},
        planes{workers},
        patient_planes{patient_workers},
        rate_limit{requests_per_second} {}

  http::asio::io_context& context;
  http::Ticker ticker;
  Planes& planes;
  Planes& patient_planes;  ///< for work that waits for other people's servers, so that it holds nobody else up
  std::vector<Endpoint*> endpoints = {};
  std::string description = {};  ///< of the API: a document of OpenAPI
  Metrics metrics;
  RateLimit rate_limit;
  http::ConnectionTimes times = {.whole = std::chrono::minutes{1}};
  bool is_stopping = false;  ///< whoever waits for something new is answered now
};

}  // namespace runagents::server
