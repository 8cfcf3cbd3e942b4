#include "core/http/system_roots.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <string>

namespace runagents::http {
namespace {

namespace fs = std::filesystem;

/// A machine with an empty directory of certificates, without OpenSSL's file, and with the second of two bundles.
struct Machine {
  Machine() {
    ::unsetenv("SSL_CERT_FILE");
    ::unsetenv("SSL_CERT_DIR");
    std::string name = (fs::temp_directory_path() / "runagents-roots-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    fs::create_directory(folder / "certs");
    first = folder / "first.pem";
    second = folder / "second.pem";
    write(second);
  }
  ~Machine() { fs::remove_all(folder); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  static void write(const fs::path& path) { std::ofstream{path} << "roots"; }
  [[nodiscard]] std::vector<fs::path> found() const {
    const std::array candidates = {first.c_str(), second.c_str()};
    return bundles_to_read(folder / "cert.pem", folder / "certs", candidates);
  }

  fs::path folder, first, second;
};

TEST_CASE("where OpenSSL finds nothing the bundles that are there are read, in their order") {
  const Machine machine;
  CHECK(machine.found() == std::vector{machine.second});
  Machine::write(machine.first);
  CHECK(machine.found() == std::vector{machine.first, machine.second});
  fs::remove(machine.folder / "certs");
  CHECK(machine.found().size() == 2);
}

TEST_CASE("where OpenSSL has roots nothing is added to them") {
  const Machine by_file;
  Machine::write(by_file.folder / "cert.pem");
  CHECK(by_file.found().empty());
  const Machine by_directory;
  Machine::write(by_directory.folder / "certs/4042bcee.0");
  CHECK(by_directory.found().empty());
}

TEST_CASE("nothing is added to the roots that a variable names") {
  const Machine machine;
  for (const char* variable : {"SSL_CERT_FILE", "SSL_CERT_DIR"}) {
    ::setenv(variable, "/nowhere", 1);
    CHECK(machine.found().empty());
    ::setenv(variable, "", 1);
    CHECK(machine.found().size() == 1);
    ::unsetenv(variable);
  }
}

}  // namespace
}  // namespace runagents::http
