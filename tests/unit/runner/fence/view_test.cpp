#include "runner/fence/view.hpp"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace runagents::fence {
namespace {

namespace fs = std::filesystem;

/// A home with a project in it.
struct Home {
  Home() {
    std::string pattern = (fs::temp_directory_path() / "runagents-view-XXXXXX").string();
    path = fs::canonical(::mkdtemp(pattern.data()));
    for (const auto* name : {"project", ".aws", ".config/gh", "data", "vault", "elsewhere"}) {
      fs::create_directories(path / name);
    }
    for (const auto* name :
         {".netrc", ".bashrc", "vault/key", "project/key", "project/runagents.toml", ".aws/config"}) {
      std::ofstream{path / name} << "x";
    }
    request.homes = {path.string()};
    request.working_directory = request.project_directory = at("project");
    request.project_files = {at("project/runagents.toml")};
    request.never_shown = {at("data"), at("vault/key"), at("project/key"), at("missing")};
  }
  ~Home() { fs::remove_all(path); }
  Home(const Home&) = delete;
  Home& operator=(const Home&) = delete;
  [[nodiscard]] std::string at(const std::string& name) const { return (path / name).string(); }

  fs::path path;
  ViewRequest request;
};

bool has(const std::vector<std::string>& paths, const std::string& path) {
  return std::ranges::find(paths, path) != paths.end();
}

TEST_CASE("credentials, secrets and what is runagents' own are covered") {
  const Home home;
  const auto view = make_view(home.request);
  REQUIRE(view);
  for (const auto* name : {".aws", ".config/gh", ".netrc", "data"}) CHECK(has(view->covered, home.at(name)));
  // A file that is replaced would show; so its directory is covered, unless somebody works there.
  CHECK(has(view->covered, home.at("vault")));
  CHECK(has(view->covered, home.at("project/key")));
  CHECK_FALSE(has(view->covered, home.at("project")));
  CHECK_FALSE(has(view->covered, home.at("missing")));
  CHECK(has(view->read_only, home.at("project/runagents.toml")));
  CHECK(has(view->read_only, home.at(".bashrc")));
  CHECK(has(view->read_only, fs::canonical("/proc/self/exe").string()));
}

TEST_CASE("what a link leads to is covered, too") {
  const Home home;
  fs::create_directory_symlink(home.path / "elsewhere", home.path / ".kube");
  CHECK(has(make_view(home.request)->covered, home.at("elsewhere")));
}

TEST_CASE("sockets that listen are covered") {
  const Home home;
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  home.at("s.sock").copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  CHECK(has(make_view(home.request)->covered, home.at("s.sock")));
  ::close(listener);
}

TEST_CASE("a person may hide more and show more, but not what is runagents' own") {
  Home home;
  home.request.mask = {home.at("elsewhere")};
  home.request.expose = {home.at(".netrc"), home.at(".aws/config")};
  const auto view = make_view(home.request);
  REQUIRE(view);
  CHECK(has(view->covered, home.at("elsewhere")));
  CHECK_FALSE(has(view->covered, home.at(".netrc")));
  CHECK(has(view->covered, home.at(".aws")));
  CHECK(view->exposed == std::vector{home.at(".aws/config")});
  for (const auto* name : {"data", "vault", "vault/key", "project/key", ".", "nothing"}) {
    home.request.expose = {home.at(name)};
    CHECK_MESSAGE(!make_view(home.request), name);
  }
  home.request.expose.clear();
  home.request.mask = {home.at("nothing")};
  CHECK_FALSE(make_view(home.request));
}

TEST_CASE("nobody works in a directory that is covered") {
  Home home;
  home.request.working_directory = home.at(".aws");
  CHECK_FALSE(make_view(home.request));
  home.request.expose = {home.at(".aws")};
  CHECK(make_view(home.request));
}

TEST_CASE("the paths of sockets are read from the kernel's table") {
  const auto paths = socket_paths(
      "Num       RefCount Protocol Flags    Type St Inode Path\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 22 /run/a.sock\n"
      "0000000000000000: 00000003 00000000 00000000 0001 03 23\n"
      "0000000000000000: 00000002 00000000 00010000 0001 01 24 @/tmp/.X11-unix/X0\n"
      "0000000000000000: 00000002 00000000 00010000 0002 01 25 /tmp/with blank\n");
  CHECK(paths == std::vector<std::string>{"/run/a.sock", "/tmp/with blank"});
}

}  // namespace
}  // namespace runagents::fence
