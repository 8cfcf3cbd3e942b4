#include "server/mcp/stdio_process.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <sys/wait.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>

namespace runagents::server {
namespace {

namespace asio = http::asio;

constexpr std::size_t read_bytes = 64 * 1024;
constexpr std::size_t max_queued_bytes = std::size_t{32} << 20U;
constexpr std::size_t max_logged_bytes = 1000;
constexpr std::size_t max_logged_lines = 50;
constexpr std::chrono::seconds log_period{10};
constexpr std::chrono::seconds patience{2};  ///< before each harder way to end it

std::string printable(std::string_view line) {
  std::string out{line.substr(0, max_logged_bytes)};
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

void mask(std::string& line, std::string_view secret) {
  if (secret.empty()) return;
  for (auto at = line.find(secret); at != std::string::npos; at = line.find(secret, at))
    line.replace(at, secret.size(), "***");
}

/// Takes the complete lines off the front of what was read; no line ends before `from`.
template <class Take>
void take_lines(std::string& read, std::size_t from, Take take) {
  std::size_t begin = 0;
  for (auto end = read.find('\n', from); end != std::string::npos; end = read.find('\n', begin)) {
    auto line = std::string_view{read}.substr(begin, end - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    begin = end + 1;
    if (!line.empty()) take(line);
  }
  read.erase(0, begin);
}

}  // namespace

StdioProcess::StdioProcess(asio::io_context& context, SpawnedProcess spawned, std::string name, config::Secret secret)
    : pid_{spawned.pid},
      pidfd_{context, spawned.pidfd},
      input_{context, spawned.input},
      output_{context, spawned.output},
      errors_{context, spawned.errors},
      name_{std::move(name)},
      secret_{std::move(secret)},
      written_{context, http::Timer::time_point::max()},
      resumed_{context, http::Timer::time_point::max()},
      drained_{context, http::Timer::time_point::max()},
      deadline_{context} {}

StdioProcess::~StdioProcess() {
  if (has_ended_) return;
  signal_group(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void StdioProcess::start() {
  const auto self = shared_from_this();
  const auto executor = written_.get_executor();
  asio::co_spawn(executor, read_output(self), asio::detached);
  asio::co_spawn(executor, read_errors(self), asio::detached);
  asio::co_spawn(executor, write_input(self), asio::detached);
  asio::co_spawn(executor, wait(self), asio::detached);
}

bool StdioProcess::write(std::string line) {
  if (has_ended_ || stage_ != Stage::running || queued_bytes_ + line.size() > max_queued_bytes) return false;
  line.push_back('\n');
  queued_bytes_ += line.size();
  queue_.push_back(std::move(line));
  written_.cancel();
  return true;
}

void StdioProcess::resume() {
  is_paused_ = false;
  resumed_.cancel();
}

void StdioProcess::stop() {
  was_stopped_ = was_stopped_ || !has_ended_;
  begin_to_stop();
}

void StdioProcess::begin_to_stop() {
  if (has_ended_ || stage_ != Stage::running) return;
  stage_ = Stage::asked;
  http::error_code ignored;
  input_.close(ignored);
  written_.cancel();
  resume();
  await_deadline();
}

void StdioProcess::await_deadline() {
  deadline_.expires_after(patience);
  deadline_.async_wait([weak = weak_from_this()](const http::error_code& error) {
    const auto self = weak.lock();
    if (self && !error) self->expired();
  });
}

void StdioProcess::expired() {
  if (stage_ == Stage::gone) {
    // What has left the process group holds the pipes open.
    http::error_code ignored;
    output_.close(ignored);
    errors_.close(ignored);
    resume();
    return;
  }
  signal_group(stage_ == Stage::asked ? SIGTERM : SIGKILL);
  if (stage_ == Stage::asked) await_deadline();
  stage_ = Stage::told;
}

void StdioProcess::signal_group(int signal) const { ::kill(-pid_, signal); }

http::Task<void> StdioProcess::read_output(std::shared_ptr<StdioProcess> self) {
  std::string read;
  for (bool is_over = false; !is_over;) {
    while (self->is_paused_ && self->output_.is_open())
      static_cast<void>(co_await self->resumed_.async_wait(http::by_value));
    const auto before = read.size();
    read.resize(before + read_bytes);
    const auto [error, size] =
        co_await self->output_.async_read_some(asio::buffer(read.data() + before, read_bytes), http::by_value);
    read.resize(before + size);
    take_lines(read, before, [&self](std::string_view line) {
      if (self->on_line) self->on_line(line);
    });
    is_over = static_cast<bool>(error);
    if (is_over || read.size() <= max_line_bytes) continue;
    self->log("a line of its output is too long");
    is_over = true;
  }
  self->is_drained_ = true;
  self->drained_.cancel();
  self->begin_to_stop();
}

http::Task<void> StdioProcess::read_errors(std::shared_ptr<StdioProcess> self) {
  std::string read;
  std::array<char, 4096> piece{};
  for (;;) {
    const auto [error, size] = co_await self->errors_.async_read_some(asio::buffer(piece), http::by_value);
    if (error) co_return;
    read.append(piece.data(), size);
    take_lines(read, 0, [&self](std::string_view line) { self->log(line); });
    // A line that is longer than what is logged of it need not be complete.
    if (read.size() > 2 * max_logged_bytes) {
      self->log(read);
      read.clear();
    }
  }
}

http::Task<void> StdioProcess::write_input(std::shared_ptr<StdioProcess> self) {
  for (;;) {
    while (self->queue_.empty() && self->stage_ == Stage::running) {
      static_cast<void>(co_await self->written_.async_wait(http::by_value));
    }
    if (self->stage_ != Stage::running) co_return;
    const auto line = std::move(self->queue_.front());
    self->queue_.pop_front();
    const auto [error, size] = co_await asio::async_write(self->input_, asio::buffer(line), http::by_value);
    self->queued_bytes_ -= line.size();
    if (error) {
      self->begin_to_stop();
      co_return;
    }
  }
}

http::Task<void> StdioProcess::wait(std::shared_ptr<StdioProcess> self) {
  static_cast<void>(co_await self->pidfd_.async_wait(Pipe::wait_read, http::by_value));
  // What it has started and left behind would hold the pipes open, and nobody would look after it. Its number is its
  // own until it is waited for.
  self->signal_group(SIGKILL);
  ::waitpid(self->pid_, nullptr, 0);
  self->has_ended_ = true;
  self->stage_ = Stage::gone;
  self->written_.cancel();
  self->resume();
  // Its last words are read, but not waited for without end.
  self->await_deadline();
  while (!self->is_drained_) static_cast<void>(co_await self->drained_.async_wait(http::by_value));
  self->deadline_.cancel();
  if (self->on_end) self->on_end(!self->was_stopped_);
  self->on_line = nullptr;
  self->on_end = nullptr;
}

void StdioProcess::log(std::string_view line) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= log_window_ + log_period) {
    log_window_ = now;
    logged_lines_ = 0;
  }
  if (++logged_lines_ > max_logged_lines) return;
  std::string whole{line};
  mask(whole, secret_.reveal());
  auto text = printable(whole);
  if (logged_lines_ == max_logged_lines) text = "(more than is logged)";
  std::fprintf(stderr, "MCP server %s: %s\n", name_.c_str(), text.c_str());
}

}  // namespace runagents::server
