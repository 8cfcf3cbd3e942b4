#include "core/model/tool.hpp"

#include <doctest/doctest.h>

namespace runagents::model {
namespace {

TEST_CASE("an authority shows the port only when it is not the scheme's own") {
  CHECK(BaseUrl{"https", "api.example.com", 443, "/v1"}.authority() == "api.example.com");
  CHECK(BaseUrl{"http", "api.example.com", 80, ""}.authority() == "api.example.com");
  CHECK(BaseUrl{"http", "api.example.com", 443, ""}.authority() == "api.example.com:443");
  CHECK(BaseUrl{"https", "api.example.com", 80, ""}.authority() == "api.example.com:80");
  CHECK(BaseUrl{"tcp", "localhost", 80, ""}.authority() == "localhost:80");
}

TEST_CASE("an IPv6 address stands in brackets") {
  CHECK(BaseUrl{"https", "::1", 443, ""}.authority() == "[::1]");
  CHECK(BaseUrl{"http", "fd00::1", 8080, "/x"}.to_string() == "http://[fd00::1]:8080/x");
}

TEST_CASE("a base URL prints without a trailing slash, and the built-in one without a port") {
  CHECK(BaseUrl{"https", "api.example.com", 443, "/v1"}.to_string() == "https://api.example.com/v1");
  CHECK(BaseUrl{"https", "api.example.com", 443, ""}.to_string() == "https://api.example.com");
  CHECK(BaseUrl{"builtin", "echo", 0, ""}.to_string() == "builtin://echo");
}

TEST_CASE("every kind and every type of authentication has its word") {
  CHECK(word(ToolKind::http) == "http");
  CHECK(word(ToolKind::mcp) == "mcp");
  CHECK(word(ToolKind::tcp) == "tcp");
  CHECK(word(AuthType::none) == "none");
  CHECK(word(AuthType::api_key) == "api_key");
  CHECK(word(AuthType::basic) == "basic");
  CHECK(word(AuthType::bearer) == "bearer");
  CHECK(word(AuthType::oauth2) == "oauth2");
  CHECK(word(AuthType::aws_sigv4) == "aws_sigv4");
  CHECK(word(AuthType::agent_token) == "agent_token");
}

}  // namespace
}  // namespace runagents::model
