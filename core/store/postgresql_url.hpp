#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace runagents::store {

/// What is known of a PostgreSQL before it is connected to.
struct PostgresqlTarget {
  std::string name;        ///< for messages: user, host, port and database as a URL, no password and no parameters
  std::string parameters;  ///< for PQconnectdb; has the password
  std::string password;    ///< to see to it that no message has it; may be empty
  std::chrono::milliseconds patience{};  ///< how long an answer may take: tcp_user_timeout
};

[[nodiscard]] bool is_postgresql_url(std::string_view location) noexcept;

/// Reads a URL as libpq does (postgresql.org/docs/15/libpq-connect.html, 34.1.1.2), with any of its parameters, and
/// adds limits for a network that is silent where the URL says nothing. What the URL leaves out libpq takes from its
/// environment variables and files. Needs libpq.
[[nodiscard]] Result<PostgresqlTarget> parse_postgresql_url(const std::string& url);

}  // namespace runagents::store
