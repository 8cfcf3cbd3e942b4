#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/api/transport.hpp"
#include "core/error.hpp"
#include "server/principal.hpp"

namespace runagents::server {

/// A request whose route is known, and by whom it is.
class Incoming {
 public:
  Incoming(const api::Request& request, std::vector<std::string> parameters, std::map<std::string, std::string> query,
           const Principal& principal)
      : request_{request}, parameters_{std::move(parameters)}, query_{std::move(query)}, principal_{principal} {}

  /// What stood at the n-th placeholder of the path.
  [[nodiscard]] const std::string& parameter(std::size_t index) const { return parameters_.at(index); }
  /// A query parameter; empty when there is none.
  [[nodiscard]] std::string query(const std::string& name) const;
  /// A query parameter that is a number from 0 to `max`; `fallback` when there is none.
  [[nodiscard]] Result<std::uint64_t> number(const std::string& name, std::uint64_t fallback, std::uint64_t max) const;
  [[nodiscard]] std::string_view body() const { return request_.body; }
  /// The body as a JSON object with one reading (strict_json.hpp); an empty one when the body is empty.
  [[nodiscard]] Result<nlohmann::ordered_json> json(std::size_t max_depth = 64) const;
  /// A header field by its lower-case name; empty when there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const { return api::field(request_.fields, name); }
  [[nodiscard]] const api::Request& request() const { return request_; }
  /// Of a route that anybody may use: nobody in particular.
  [[nodiscard]] const Principal& principal() const { return principal_; }

 private:
  const api::Request& request_;
  std::vector<std::string> parameters_;
  std::map<std::string, std::string> query_;
  const Principal& principal_;
};

/// An answer.
struct Outgoing {
  int status = 200;
  std::string body;
  api::Fields fields = {};  ///< names in lower case; without a content-type the body is JSON
  bool may_change = false;  ///< nothing new is there yet: a client that waits is answered later
};

using Handler = std::function<Result<Outgoing>(const Incoming&)>;
using Refused = std::function<Result<void>(const Incoming&)>;

/// Who reads the query of a route: the router, which refuses a parameter that comes twice, or the handler itself.
enum class QueryReader { router, handler };

/// Says by whom a request is.
using Authenticate = std::function<Result<Principal>(const api::Request&)>;

/// The routes of the management API. Templates are paths with `{}` for one segment ("/runs/{}/events"); a literal
/// segment wins over a placeholder. Errors of handlers become `{"error","code","detail","hint","request_id"}`.
class Router {
 public:
  struct Route {
    std::string method;
    std::vector<std::string> segments;
    Access access = Access::admin;
    Handler handler;
    QueryReader query_reader = QueryReader::router;
    Refused refused = {};  ///< is told, before the answer, of whoever has a credential and may not use the route
    std::string_view summary = {};
    std::vector<std::string_view> query = {};  ///< names of the query's parameters
    bool has_form = false;                     ///< the body is a form (RFC 1866); else JSON
    bool is_repeatable = false;                ///< doing it twice is as good as once: its answers need not be kept

    /// Describe it; what these refer to is static.
    Route& says(std::string_view text) { return summary = text, *this; }
    Route& with(std::vector<std::string_view> parameters) { return query = std::move(parameters), *this; }
    Route& form() { return has_form = true, *this; }
    Route& repeatable() { return is_repeatable = true, *this; }
  };
  /// Does what the route does.
  using Work = std::function<api::Response()>;
  /// Something around the work of a request by somebody who is permitted it.
  using Around = std::function<api::Response(const Principal&, const Work&)>;

  /// Valid until the next call.
  Route& add(std::string_view method, std::string_view path_template, Access access, Handler handler,
             QueryReader query_reader = QueryReader::router);
  /// Asks `authenticate` only where the route wants a credential, and `around`, where there is one, for what is then
  /// permitted and not repeatable. Why something is unavailable is told only to those who are known. Never throws.
  [[nodiscard]] api::Response answer(const api::Request& request, const Authenticate& authenticate,
                                     const Around& around = {}) const;
  [[nodiscard]] const std::vector<Route>& routes() const noexcept { return routes_; }

 private:
  struct Found;
  [[nodiscard]] Result<Found> find(const api::Request& request) const;
  [[nodiscard]] static api::Response refused(const Found& found, const api::Request& request,
                                             const Principal& principal);
  [[nodiscard]] api::Response answer_known(const Found& found, const api::Request& request, const Principal& principal,
                                           const Around& around) const;

  std::vector<Route> routes_;
};

/// How an error is answered: its status (RFC 9110) and its body, with a challenge (RFC 6750, section 3) where it says
/// that the credential is no good. `request_id` empty: a new one.
[[nodiscard]] api::Response error_response(const Error& error, std::string_view request_id = {});

}  // namespace runagents::server
