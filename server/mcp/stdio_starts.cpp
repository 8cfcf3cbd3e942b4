#include "server/mcp/stdio_starts.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace runagents::server {
namespace {

StdioCommand command_of(const Admission& admission) {
  const auto& server = admission.server;
  StdioCommand command;
  command.name = server.name;
  command.words = server.command;
  constexpr std::array<const char*, 5> needed = {"PATH", "HOME", "LANG", "TZ", "TMPDIR"};
  for (const char* name : needed) {
    const char* value = std::getenv(name);
    if (value == nullptr || server.environment.contains(name)) continue;
    command.environment.push_back(std::string{name} + "=" + value);
  }
  const auto secret = admission.secret.reveal();
  for (const auto& [name, value] : server.environment) {
    if (secret.empty() || name != server.auth.name) command.environment.push_back(name + "=" + value);
  }
  if (!secret.empty()) {
    command.environment.push_back(server.auth.name + "=" + server.auth.prefix + std::string{secret});
  }
  command.secret = config::Secret{std::string{secret}};
  return command;
}

std::unexpected<Error> not_now(std::string why) {
  return fail(ErrorCode::unavailable, std::move(why), {}, "upstream_unreachable");
}

}  // namespace

http::Task<Result<std::shared_ptr<StdioProcess>>> StdioStarts::start(const Admission& admission) {
  if (is_stopped_) co_return not_now("the server is about to stop");
  if (running_ >= max_processes) co_return not_now("too many MCP servers run already");
  auto& history = histories_[admission.server.id];
  const auto now = Clock::now();
  if (now < history.not_before) co_return not_now("the MCP server has just failed and will be started again later");
  history.started = now;
  ++running_;
  auto command = std::make_shared<StdioCommand>(command_of(admission));
  auto spawned = co_await planes_.run<Result<SpawnedProcess>>([command](Plane&) { return spawn(*command); });
  for (auto& variable : command->environment) config::wipe(variable);
  if (!spawned) {
    ended(admission.server.id, true);
    co_return std::unexpected(std::move(spawned.error()));
  }
  co_return std::make_shared<StdioProcess>(context_, *spawned, command->name, std::move(command->secret));
}

void StdioStarts::ended(const std::string& server_id, bool by_itself) {
  --running_;
  if (!by_itself) return;
  auto& history = histories_[server_id];
  const auto now = Clock::now();
  if (now - history.started >= short_life) {
    history.pause = std::chrono::seconds{0};
    return;
  }
  history.pause = std::clamp(history.pause * 2, std::chrono::seconds{1}, longest_pause);
  history.not_before = now + history.pause;
}

}  // namespace runagents::server
