#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "core/http/server_connection.hpp"
#include "server/http/site.hpp"

namespace runagents::server {

/// One client's connection to the server: its requests go to the endpoint that takes them, or to the routes, on a
/// worker. Of the event loop's thread.
class Connection final : public http::ServerConnection {
 public:
  /// A request's body for a route; for an endpoint it is the endpoint's to say.
  static constexpr std::size_t max_body_bytes = std::size_t{4} * 1024 * 1024;

  Connection(Site& site, http::Stream stream, std::string client);

  /// What answers a HEAD is what would answer a GET, without the body (RFC 9110, section 9.3.2).
  [[nodiscard]] http::Task<bool> send_head(const http::ResponseStart& start, std::string_view body, bool last) override;
  [[nodiscard]] http::Task<bool> send_body(std::string_view body, bool last, const std::string& trailers) override;

 protected:
  [[nodiscard]] http::Task<void> handle() override;
  [[nodiscard]] http::Task<void> refuse_head(http::HeadError error) override;

 private:
  /// Returns the status of the answer.
  http::Task<int> answer(std::string_view path, std::string_view query, const std::string& id);
  http::Task<int> refuse_for(std::chrono::milliseconds wait, const std::string& id);
  http::Task<int> answer_by_route(const std::string& id);
  http::Task<api::Response> ask(api::Request request);
  http::Task<int> send(api::Response response, const std::string& id);

  Site& site_;
  std::string client_;  ///< its address
};

}  // namespace runagents::server
