// The corpus says who may use which route; the tests over HTTP try it. Here: it names every route, and nothing else.

#include <doctest/doctest.h>
#include <fstream>
#include <set>
#include <string>

#include <nlohmann/json.hpp>

#include "server/services.hpp"
#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using server::Access;
using tests::TemporaryDirectory;

namespace {

std::string word(Access access) {
  switch (access) {
    case Access::anybody:
      return "anybody";
    case Access::any_agent:
      return "any_agent";
    case Access::user:
      return "user";
    case Access::developer:
      return "developer";
    case Access::admin:
      return "admin";
    case Access::local:
      break;
  }
  return "local";
}

std::set<std::string> lines_of(const server::Router& router) {
  std::set<std::string> lines;
  for (const auto& route : router.routes()) {
    std::string path;
    for (const auto& segment : route.segments) path.append("/").append(segment);
    lines.insert(word(route.access) + " " + route.method + " " + path);
  }
  return lines;
}

std::set<std::string> lines_of(const nlohmann::json& table) {
  std::set<std::string> lines;
  for (const auto& [access, routes] : table.items()) {
    for (const auto& route : routes) lines.insert(access + " " + route.get<std::string>());
  }
  return lines;
}

}  // namespace

TEST_CASE("the corpus names every route of a server with who may use it") {
  std::ifstream stream{std::string{RUNAGENTS_SOURCE_DIR} + "/tests/corpus/access.json"};
  const auto corpus = nlohmann::json::parse(stream);
  const TemporaryDirectory directory;
  server::PlaneOptions options{.data_directory = directory.path(), .database = {}, .issuer = "https://plane.example"};
  auto database = server::Plane::open_database(options);
  REQUIRE(database.has_value());
  const server::Services services{std::move(*database), options};
  CHECK(lines_of(services.router) == lines_of(corpus["api"]));
  CHECK(lines_of(services.site) == lines_of(corpus["site"]));
}
