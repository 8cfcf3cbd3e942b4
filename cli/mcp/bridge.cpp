// An MCP server on standard input and output (2025-11-25, transports, "stdio") that is a remote one: for clients that
// start a command and know nothing of tokens.

#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <istream>
#include <ostream>
#include <thread>

#include <nlohmann/json.hpp>

#include "cli/mcp/mcp.hpp"
#include "cli/mcp/remote.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/text.hpp"
#include "core/mcp/answer.hpp"
#include "core/mcp/message.hpp"
#include "core/mcp/protocol_version.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t max_workers = 32;
constexpr std::chrono::seconds longest_end{30};

const Json* member(const Json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  return found == object.end() ? nullptr : &*found;
}

std::string text_in(const Json* value) {
  return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
}

/// Nothing when the line is no message.
std::optional<OutgoingMessage> read_message(std::string line) {
  const auto json = Json::parse(line, nullptr, false);
  if (!json.is_object() && !json.is_array()) return std::nullopt;
  OutgoingMessage message{.text = std::move(line)};
  if (json.is_array()) return message;
  message.method = text_in(member(json, "method"));
  const auto* id = member(json, "id");
  if (id != nullptr && !message.method.empty()) message.id = id->dump();
  const auto* params = member(json, "params");
  const auto* meta = params == nullptr ? nullptr : member(*params, "_meta");
  const auto version = meta == nullptr ? "" : text_in(member(*meta, "io.modelcontextprotocol/protocolVersion"));
  const auto known = mcp::protocol_version(version);
  if (!known || !mcp::is_modern(*known)) return message;
  message.version = version;
  message.name = text_in(member(*params, message.method == "resources/read" ? "uri" : "name"));
  return message;
}

/// Sends requests on threads of its own, because an answer may wait for what the client says meanwhile.
class Workers {
 public:
  explicit Workers(RemoteMcp& remote) : remote_{remote} {}

  void add(OutgoingMessage message) {
    const std::lock_guard lock{lock_};
    waiting_.push_back(std::move(message));
    if (idle_ < waiting_.size() && threads_.size() < max_workers) threads_.emplace_back([this] { work(); });
    changed_.notify_all();
  }

  /// Until every request has its answer, or the time is up.
  void finish(std::chrono::seconds longest) {
    std::unique_lock lock{lock_};
    changed_.wait_for(lock, longest, [this] { return waiting_.empty() && idle_ == threads_.size(); });
  }

  void stop() {
    {
      const std::lock_guard lock{lock_};
      waiting_.clear();
      is_stopping_ = true;
      changed_.notify_all();
    }
    threads_.clear();
  }

 private:
  void work() {
    std::unique_lock lock{lock_};
    while (true) {
      ++idle_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
      --idle_;
      if (is_stopping_) return;
      const auto message = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      remote_.send(message);
      lock.lock();
    }
  }

  RemoteMcp& remote_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<OutgoingMessage> waiting_;
  std::size_t idle_ = 0;
  bool is_stopping_ = false;
  std::vector<std::jthread> threads_;
};

/// Whether the conversation has been begun, after which the server may speak unasked.
bool begins_listening(const OutgoingMessage& message) { return message.method == "notifications/initialized"; }

void converse(RemoteMcp& remote, std::istream& in, const std::function<void(std::string_view)>& receive) {
  Workers workers{remote};
  std::jthread listener;
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    auto message = read_message(std::move(line));
    if (!message) {
      receive(mcp::write_error({}, mcp::error_code::parse_error, "the line is no message in JSON"));
      continue;
    }
    const bool is_request = !message->id.empty() && message->method != "initialize";
    if (is_request || message->text.starts_with('[')) {
      workers.add(*std::move(message));
      continue;
    }
    remote.send(*message);
    if (begins_listening(*message) && !listener.joinable()) listener = std::jthread{[&remote] { remote.listen(); }};
  }
  workers.finish(longest_end);
  remote.close();
  workers.stop();
}

}  // namespace

Outcome bridge_mcp(const McpBridge& options, Context& context) {
  auto credential = mcp_credential(options.of, context);
  if (!credential) return std::unexpected(std::move(credential.error()));
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  // A wrong name or credential is told to the person who starts this, not to the client's first request.
  auto transport = context.transport_as(*credential);
  if (!transport) return std::unexpected(std::move(transport.error()));
  api::Client client{**transport};
  const auto server = find_object(server_kind(), options.server, client);
  if (!server) return std::unexpected(server.error());
  std::mutex output;
  const auto write = [&output](std::ostream& stream, std::string_view line) {
    const std::lock_guard lock{output};
    stream << line << '\n' << std::flush;
  };
  auto& terminal = context.terminal;
  const auto receive = [&](std::string_view line) { write(terminal.out, line); };
  RemoteMcp remote{
      {.url = fmt::format("{}{}/proxy/{}/mcp", (*connection)->endpoint, api::base_path, api::text_of(*server, "id")),
       .ca_file = (*connection)->ca_file,
       .credential = std::move(*credential),
       .receive = receive,
       .warn = [&](std::string_view text) { write(terminal.err, "runagents: " + output::printable(text)); }}};
  converse(remote, terminal.in, receive);
  return 0;
}

}  // namespace runagents::cli
