#include "cli/doctor/doctor.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "tests/unit/cli/fixture.hpp"

using namespace runagents;
using namespace runagents::cli;
using State = Diagnosis::State;
using runagents::tests::CommandFixture;

TEST_CASE("a clock that is years behind is broken") {
  CHECK(examine_clock(model::Time{}, {}).state == State::broken);
  CHECK(examine_clock(model::now(), {}).state == State::fine);
}

TEST_CASE("a clock is held against those of others, and agrees with the nearest") {
  const auto now = model::now();
  const auto heard = [&](std::chrono::seconds behind) {
    return HeardTime{"the tool \"t\"", std::chrono::floor<std::chrono::seconds>(now - behind), now};
  };
  CHECK(examine_clock(now, {heard(std::chrono::seconds{20})}).state == State::fine);
  CHECK(examine_clock(now, {heard(std::chrono::hours{3}), heard(std::chrono::seconds{-20})}).state == State::fine);
  CHECK(examine_clock(now, {heard(std::chrono::minutes{2})}).state == State::notice);
  const auto ahead = examine_clock(now, {heard(std::chrono::hours{3})});
  CHECK(ahead.state == State::broken);
  CHECK(ahead.detail.find("3 h ahead of the clock of the tool \"t\"") != std::string::npos);
  const auto behind = examine_clock(now, {heard(std::chrono::seconds{-10801})});
  CHECK(behind.detail.find("3 h behind the clock of the tool \"t\"") != std::string::npos);
}

TEST_CASE("the disk is looked at where the directory will be") {
  CommandFixture fixture;
  const auto found = examine_room(fixture.directory / "not" / "yet");
  CHECK(found.check == "disk");
  CHECK(found.detail.find(fixture.directory.path().string()) != std::string::npos);
  CHECK(examine_room("/proc/self").state == State::broken);
}

TEST_CASE("a signed token says when it expires, anything else does not") {
  // {"alg":"ES256"} and {"exp":1700000000}; nobody verifies the signature here.
  const std::string token = "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjE3MDAwMDAwMDB9.c2ln";
  REQUIRE(expiry_of(token));
  CHECK(*expiry_of(token) == std::chrono::sys_seconds{std::chrono::seconds{1700000000}});
  for (const auto* other : {"", "sk_test_1", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOiJ4In0.c2ln"}) {
    CHECK_FALSE(expiry_of(other));
  }
}

TEST_CASE("an empty bundle of root certificates is as bad as none") {
  CommandFixture fixture;
  fixture.write("empty.pem", "");
  CHECK(examine_roots({fixture.directory / "empty.pem", fixture.directory / "missing.pem"}).state == State::broken);
  fixture.write("roots.pem", "certificates");
  CHECK(examine_roots({fixture.directory / "missing.pem", fixture.directory / "roots.pem"}).state == State::fine);
}

TEST_CASE("a directory that others can look into is broken, and the remedy mends it") {
  CommandFixture fixture;
  const auto open = fixture.directory / "open";
  std::filesystem::create_directory(open);
  std::filesystem::permissions(open, std::filesystem::perms{0755});
  const config::Directories directories{fixture.directory / "a", open, fixture.directory / "b",
                                        fixture.directory / "c"};
  const auto found = examine_directories(directories);
  REQUIRE(found.size() == 4);
  CHECK(found[0].state == State::broken);
  CHECK(found[0].remedy == "chmod 700 " + open.string());
  CHECK(found[1].state == State::fine);
  std::filesystem::permissions(open, std::filesystem::perms{0700});
  CHECK(examine_directories(directories)[0].state == State::fine);
}

TEST_CASE("a store that does not open is reported with its reason") {
  CommandFixture fixture;
  CHECK(examine_store(fixture.directory.path(), fixture.context).state == State::fine);
  fixture.context.local_control_plane = []() -> Result<api::ControlPlane*> {
    return fail(ErrorCode::unavailable, "the disk is full", "make room");
  };
  const auto found = examine_store(fixture.directory.path(), fixture.context);
  CHECK(found.state == State::broken);
  CHECK(found.detail == "the disk is full");
  CHECK(found.remedy == "make room");
}

TEST_CASE("a broken project ends the doctor with 9, no project does not") {
  CommandFixture fixture;
  fixture.context.directories = [&] {
    return config::Directories{fixture.directory / "a", fixture.directory / "b", fixture.directory / "c",
                               fixture.directory / "d"};
  };
  fixture.context.output.format = output::Format::jsonl;
  fixture.write("runagents.toml", "[agent]\nnam = 1\n");
  CHECK(examine({}, fixture.context) == 9);
  std::istringstream lines{fixture.printed()};
  bool reported = false;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line);
    if (object["check"] == "project")
      reported = object["state"] == "broken" && object["remedy"] == "runagents config check";
  }
  CHECK(reported);
}
