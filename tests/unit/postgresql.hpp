#pragma once

#include <algorithm>
#include <array>
#include <cstdio>
#include <soci/soci.h>
#include <stdexcept>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include "core/store/database.hpp"

namespace runagents::tests {

/// A PostgreSQL of this process's own, kept by tests/e2e/harness/postgres.py; it ends with the process, whatever way
/// that ends.
class Postgresql {
 public:
  Postgresql() {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe(in.data()) != 0 || ::pipe(out.data()) != 0) throw std::runtime_error{"pipe failed"};
    keeper_ = ::fork();
    if (keeper_ < 0) throw std::runtime_error{"fork failed"};
    if (keeper_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      for (const int fd : {in[0], in[1], out[0], out[1]}) ::close(fd);
      constexpr auto* script = RUNAGENTS_SOURCE_DIR "/tests/e2e/harness/postgres.py";
      ::execl("/usr/bin/python3", "python3", "-B", script, static_cast<char*>(nullptr));
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    words_ = ::fdopen(in[1], "w");
    answers_ = ::fdopen(out[0], "r");
    url_ = answer();
  }
  ~Postgresql() {
    ::fclose(words_);
    ::fclose(answers_);
    ::waitpid(keeper_, nullptr, 0);
  }
  Postgresql(const Postgresql&) = delete;
  Postgresql& operator=(const Postgresql&) = delete;

  /// The one that the test cases of an executable share, each with a schema of its own. Started when it is first
  /// needed.
  static Postgresql& shared() {
    static Postgresql server;
    return server;
  }

  /// Has a user, a password and a database.
  [[nodiscard]] const std::string& url() const { return url_; }

  /// The URL of a store with this name (letters, digits, '_'), which is empty when it is new.
  [[nodiscard]] std::string store(const std::string& name) const {
    // IF NOT EXISTS alone fails when two do it at the same moment.
    execute("DO $$ BEGIN CREATE SCHEMA " + name +
            "; EXCEPTION WHEN duplicate_schema OR unique_violation THEN NULL; END $$");
    return url_ + "?options=-csearch_path%3D" + name;
  }

  void execute(const std::string& statement) const {
    auto database = store::Database::open(url_);
    if (!database) throw std::runtime_error{database.error().message};
    const auto done = database->read([&](soci::session& session) -> Result<void> {
      session << statement;
      return {};
    });
    if (!done) throw std::runtime_error{done.error().message};
  }

  /// Without a farewell to anybody, as when the machine's memory is out.
  void kill() { obey("kill"); }
  void start() { obey("start"); }
  void restart() { obey("restart"); }

 private:
  void obey(const std::string& word) {
    std::fputs((word + "\n").c_str(), words_);
    std::fflush(words_);
    if (answer() != "done") throw std::runtime_error{"PostgreSQL: " + word + " failed"};
  }

  std::string answer() {
    std::array<char, 1000> line{};
    if (std::fgets(line.data(), line.size(), answers_) == nullptr)
      throw std::runtime_error{"PostgreSQL does not start"};
    std::string text{line.data()};
    text.erase(std::min(text.find('\n'), text.size()));
    return text;
  }

  pid_t keeper_ = -1;
  std::FILE* words_ = nullptr;
  std::FILE* answers_ = nullptr;
  std::string url_;
};

}  // namespace runagents::tests
