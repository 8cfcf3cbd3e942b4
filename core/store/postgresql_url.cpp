#include "core/store/postgresql_url.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <libpq-fe.h>
#include <map>
#include <memory>
#include <utility>

namespace runagents::store {
namespace {

// Seconds, but for tcp_user_timeout (milliseconds): a server that cannot be reached any more is given up after half a
// minute, which the system by itself would do after hours. One that is reached and does not answer gets as long.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> defaults{{
    {"connect_timeout", "10"},
    {"keepalives_idle", "15"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "30000"},
    {"fallback_application_name", "runagents"},
}};

using Parameters = std::map<std::string, std::string, std::less<>>;

std::string at(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string{} : found->second;
}

std::string printable(std::string text) {
  std::ranges::replace_if(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return text;
}

std::string name_of(const Parameters& parameters) {
  const auto user = at(parameters, "user");
  const auto port = at(parameters, "port");
  return printable("postgresql://" + (user.empty() ? "" : user + "@") + at(parameters, "host") +
                   (port.empty() ? "" : ":" + port) + "/" + at(parameters, "dbname"));
}

// What is no number libpq refuses when it connects.
std::chrono::milliseconds patience_in(const Parameters& parameters) {
  const auto text = at(parameters, "tcp_user_timeout");
  int count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::chrono::milliseconds{std::max(count, 0)};
}

std::string in_quotes(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

bool is_postgresql_url(std::string_view location) noexcept {
  return location.starts_with("postgresql://") || location.starts_with("postgres://");
}

Result<PostgresqlTarget> parse_postgresql_url(const std::string& url) {
  const std::unique_ptr<PQconninfoOption, decltype(&::PQconninfoFree)> options{::PQconninfoParse(url.c_str(), nullptr),
                                                                               &::PQconninfoFree};
  // libpq's own message may quote the password.
  if (!options) {
    return fail(ErrorCode::configuration, "the URL of the PostgreSQL database is not valid",
                "it looks like postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with special characters "
                "percent-encoded");
  }
  Parameters parameters;
  for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) parameters.emplace(option->keyword, option->val);
  }
  PostgresqlTarget target{
      .name = name_of(parameters), .parameters = {}, .password = at(parameters, "password"), .patience = {}};
  for (const auto& [name, value] : defaults) parameters.emplace(name, value);
  parameters["client_encoding"] = "UTF8";
  target.patience = patience_in(parameters);
  for (const auto& [name, value] : parameters) target.parameters += name + "=" + in_quotes(value) + " ";
  return target;
}

}  // namespace runagents::store
