#include "core/config/user_configuration.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>

#include "tests/unit/temporary_directory.hpp"

using namespace runagents;
using namespace runagents::config;

namespace {

struct File {
  tests::TemporaryDirectory directory;
  std::filesystem::path path = directory / "runagents" / "config.toml";

  Result<UserConfiguration> read(const std::string& text) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path} << text;
    return read_user_configuration(path);
  }
};

}  // namespace

TEST_CASE("without a file everything is local") {
  File file;
  const auto read = read_user_configuration(file.path);
  REQUIRE(read.has_value());
  CHECK(read->current_context == "local");
  CHECK(read->contexts.empty());
}

TEST_CASE("what is written is read again, in a private file") {
  File file;
  UserConfiguration written{.current_context = "prod", .contexts = {}};
  written.contexts.push_back(
      {.name = "prod",
       .endpoint = "https://plane.example",
       .credential = model::SecretReference{model::SecretReference::Kind::exec, "pass \"x\\y\""}});
  written.contexts.push_back({.name = "ci.2",
                              .endpoint = "http://127.0.0.1:8400",
                              .session = model::SecretReference{model::SecretReference::Kind::store, "session.ci.2"}});
  REQUIRE(write_user_configuration(file.path, written).has_value());
  CHECK((std::filesystem::status(file.path).permissions() & std::filesystem::perms{0077}) ==
        std::filesystem::perms::none);
  const auto read = read_user_configuration(file.path);
  REQUIRE(read.has_value());
  CHECK(read->current_context == "prod");
  REQUIRE(read->find("prod") != nullptr);
  CHECK(read->find("prod")->credential == written.contexts[0].credential);
  REQUIRE(read->find("ci.2") != nullptr);
  CHECK(read->find("ci.2")->session == written.contexts[1].session);
}

TEST_CASE("what is wrong is said with its place and what would be right") {
  File file;
  const auto unknown = file.read("[contexts.prod]\nendpont = \"https://x.example\"\n");
  CHECK(unknown.error().message.contains("config.toml:2:1"));
  CHECK(unknown.error().message.contains("endpoint"));
  CHECK(file.read("current_context = \"prdo\"\n[contexts.prod]\nendpoint = \"https://x.example\"\n")
            .error()
            .message.contains("did you mean \"prod\"?"));
  CHECK_FALSE(file.read("[contexts.local]\nendpoint = \"https://x.example\"\n").has_value());
  CHECK_FALSE(file.read("[contexts.prod]\nendpoint = \"https://x.example\"\nsession = \"env:TOKENS\"\n").has_value());
}

TEST_CASE("a literal credential is refused and not repeated") {
  File file;
  const auto read = file.read("[contexts.prod]\nendpoint = \"https://x.example\"\ncredential = \"rl_canary\"\n");
  REQUIRE_FALSE(read.has_value());
  CHECK_FALSE(read.error().message.contains("rl_canary"));
}
