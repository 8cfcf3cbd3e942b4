// The client of the benchmarks: makes requests through whatever door it is told, plain or in TLS, in turn on
// connections that stay or each on a new one, and says how long they took. It also runs as the agent behind a fence.
//
// Reads one measurement per line as JSON and answers with one line. Texts may name variables of the environment, which
// only the agent knows.

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <sched.h>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/bench/load/door.hpp"
#include "tests/bench/load/lanes.hpp"

namespace runagents::bench {
namespace {

using Json = nlohmann::json;

/// "$NAME" and what follows it, up to the next sign that is none of a name.
std::string expanded(const std::string& text) {
  const auto at = text.find('$');
  if (at == std::string::npos) return text;
  const auto end = std::min(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", at + 1), text.size());
  const char* value = std::getenv(text.substr(at + 1, end - at - 1).c_str());
  if (value == nullptr) throw std::runtime_error{"the environment has no " + text.substr(at)};
  return text.substr(0, at) + value + expanded(text.substr(end));
}

Json summary(Lanes& load) {
  auto& times = load.times;
  if (times.empty()) throw std::runtime_error{"nothing was answered"};
  std::ranges::sort(times);
  const auto at = [&times](double share) {
    return times[std::min(times.size() - 1, static_cast<std::size_t>(static_cast<double>(times.size()) * share))];
  };
  return {{"requests", times.size()},
          {"seconds", load.seconds},
          {"rps", static_cast<double>(times.size()) / load.seconds},
          {"p50_us", at(0.5)},
          {"p99_us", at(0.99)},
          {"p999_us", at(0.999)},
          {"reopened", load.reopened()},
          {"issuer", load.issuer()}};
}

/// Of a command of the shell, which may name the same variables.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen((command + " 2>&1").c_str(), "r"), ::pclose};
  std::string output;
  std::array<char, 4096> piece;
  while (pipe && std::fgets(piece.data(), piece.size(), pipe.get()) != nullptr) output += piece.data();
  return output;
}

class Program {
 public:
  Json answer(const Json& asked) {
    const auto mode = asked.at("mode").get<std::string>();
    held_.reset();
    if (mode == "close") return Json::object();
    if (mode == "command") return {{"output", output_of(asked.at("command").get<std::string>())}};
    const auto text = [&asked](const char* name) { return expanded(asked.value(name, std::string{})); };
    std::vector<std::string> fields;
    for (const auto& field : asked.value("fields", std::vector<std::string>{})) fields.push_back(expanded(field));
    const auto way = asked.value("way", std::string{"origin"});
    door_ = std::make_unique<Door>(text("url"),
                                   way == "absolute" ? Door::Way::absolute
                                   : way == "tunnel" ? Door::Way::tunnel
                                                     : Door::Way::origin,
                                   text("proxy"), text("ca"), fields, asked.value("body", std::string{}));
    auto load = std::make_unique<Lanes>(*door_, asked.value("connections", 1U));
    if (mode == "events") {
      load->hear_events();
      return summary(*load);
    }
    if (mode == "endless") {
      const auto begun = load->ask_for_ever();
      held_ = std::move(load);
      return {{"begun", begun}};
    }
    const bool fresh = mode == "fresh";
    if (!fresh) load->open();
    if (mode == "idle") {
      held_ = std::move(load);
      return {{"begun", asked.at("connections")}};
    }
    load->ask(fresh, std::chrono::duration<double>{asked.at("seconds").get<double>()});
    return summary(*load);
  }

 private:
  std::unique_ptr<Door> door_;
  std::unique_ptr<Lanes> held_;  ///< connections that rest, or whose answers go on
};

}  // namespace
}  // namespace runagents::bench

int main(int count, char** words) {
  if (count > 1) {
    cpu_set_t own;
    CPU_ZERO(&own);
    CPU_SET(std::atoi(words[1]), &own);
    ::sched_setaffinity(0, sizeof own, &own);
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  runagents::bench::Program program;
  for (std::string line; std::getline(std::cin, line);) {
    nlohmann::json answer;
    try {
      answer = program.answer(nlohmann::json::parse(line));
    } catch (const std::exception& problem) {
      answer = {{"error", problem.what()}};
    }
    std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << std::endl;
  }
}
