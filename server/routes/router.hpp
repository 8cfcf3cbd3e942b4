#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/api/transport.hpp"
#include "core/error.hpp"

namespace runagents::server {

/// A request whose route is known.
class Incoming {
 public:
  Incoming(std::vector<std::string> parameters, std::map<std::string, std::string> query, std::string_view body)
      : parameters_{std::move(parameters)}, query_{std::move(query)}, body_{body} {}

  /// What stood at the n-th placeholder of the path.
  [[nodiscard]] const std::string& parameter(std::size_t index) const { return parameters_.at(index); }
  /// A query parameter; empty when there is none.
  [[nodiscard]] std::string query(const std::string& name) const;
  /// A query parameter that is a number from 0 to `max`; `fallback` when there is none.
  [[nodiscard]] Result<std::uint64_t> number(const std::string& name, std::uint64_t fallback, std::uint64_t max) const;
  [[nodiscard]] std::string_view body() const { return body_; }
  /// The body as a JSON object; an empty one when the body is empty.
  [[nodiscard]] Result<nlohmann::ordered_json> json() const;

 private:
  std::vector<std::string> parameters_;
  std::map<std::string, std::string> query_;
  std::string_view body_;
};

/// A successful answer.
struct Outgoing {
  int status = 200;
  std::string body;
};

using Handler = std::function<Result<Outgoing>(const Incoming&)>;

/// The routes of the management API. Templates are paths with `{}` for one segment ("/runs/{}/events"); a literal
/// segment wins over a placeholder. Errors of handlers become `{"error","code","detail","request_id"}`.
class Router {
 public:
  void add(std::string_view method, std::string_view path_template, Handler handler);
  [[nodiscard]] api::Response answer(const api::Request& request) const;

 private:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Handler handler;
  };
  [[nodiscard]] Result<Outgoing> dispatch(const api::Request& request) const;

  std::vector<Route> routes_;
};

}  // namespace runagents::server
