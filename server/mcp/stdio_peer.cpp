#include "server/mcp/stdio_peer.hpp"

#include <nlohmann/json.hpp>

#include "core/mcp/protocol_version.hpp"
#include "server/mcp/peer_messages.hpp"

namespace runagents::server {
namespace {

using nlohmann::json;

constexpr std::chrono::minutes idle_limit{5};
constexpr std::chrono::minutes answer_limit{5};
constexpr auto version = mcp::ProtocolVersion::v2025_11_25;

std::unexpected<Error> over() {
  return fail(ErrorCode::unavailable, "the MCP server has ended", {}, "upstream_unreachable");
}

}  // namespace

struct StdioPeer::Running final : http::Ticking {
  explicit Running(http::asio::io_context& context, http::Ticker& ticker)
      : Ticking{ticker}, opened{context, http::Timer::time_point::max()} {}

  struct Question {
    explicit Question(http::asio::io_context& context) : answered{context} {}
    http::Timer answered;
    std::optional<PeerAnswer> answer;
    bool is_gone = false;  ///< whoever asked
  };

  void expired() override {
    if (!questions.empty()) {
      arm(idle_limit);
    } else if (process) {
      process->stop();
    }
  }

  /// What is no message is none of MCP's, and left alone.
  void receive(std::string_view line) {
    auto messages = read_peer_messages(line, version);
    if (!messages) return;
    for (auto& message : *messages) {
      if (!message.reply.empty()) static_cast<void>(process->write(std::move(message.reply)));
      const auto asked = questions.find(message.id);
      if (!message.is_answer || asked == questions.end()) continue;
      asked->second->answer = std::move(message.answer);
      asked->second->answered.cancel();
    }
  }

  void end() {
    state = State::over;
    disarm();
    opened.cancel();
    for (const auto& [id, question] : questions) question->answered.cancel();
  }

  enum class State { opening, open, over } state = State::opening;
  http::Timer opened;
  std::shared_ptr<StdioProcess> process;
  std::map<std::string, std::shared_ptr<Question>> questions;
  std::uint64_t next_id = 1;
};

StdioPeer::~StdioPeer() = default;

http::Task<Result<PeerAnswer>> StdioPeer::request(const Admission& admission, std::string_view method,
                                                  std::string_view params, http::Exchange& exchange) {
  auto entry = co_await running(admission);
  if (!entry) co_return std::unexpected(std::move(entry.error()));
  auto answer = co_await ask(std::move(*entry), method, params, &exchange);
  co_return answer;
}

http::Task<Result<StdioPeer::Shared>> StdioPeer::running(const Admission& admission) {
  // A server that was changed is another one.
  const auto key = admission.binding() + "/" + std::to_string(admission.server.updated_at.time_since_epoch().count());
  if (const auto known = running_.find(key); known != running_.end()) {
    auto entry = known->second;
    while (entry->state == Running::State::opening) {
      static_cast<void>(co_await entry->opened.async_wait(http::by_value));
    }
    if (entry->state == Running::State::open) co_return entry;
  }
  auto entry = std::make_shared<Running>(context_, ticker_);
  running_[key] = entry;
  auto opened = co_await open(admission, entry);
  if (opened && entry->state == Running::State::opening) {
    entry->state = Running::State::open;
    entry->opened.cancel();
    co_return entry;
  }
  entry->end();
  if (entry->process) entry->process->stop();
  const auto mine = running_.find(key);
  if (mine != running_.end() && mine->second == entry) running_.erase(mine);
  if (!opened) co_return std::unexpected(std::move(opened.error()));
  co_return over();
}

http::Task<Result<void>> StdioPeer::open(const Admission& admission, const Shared& entry) {
  auto process = co_await starts_.start(admission);
  if (!process) co_return std::unexpected(std::move(process.error()));
  entry->process = *process;
  const std::weak_ptr<Running> weak = entry;
  (*process)->on_line = [weak](std::string_view line) {
    if (const auto held = weak.lock()) held->receive(line);
  };
  (*process)->on_end = [this, weak, server = admission.server.id](bool by_itself) {
    starts_.ended(server, by_itself);
    const auto held = weak.lock();
    if (!held) return;
    held->end();
    std::erase_if(running_, [&](const auto& one) { return one.second == held; });
  };
  (*process)->start();
  const json params{{"protocolVersion", word(version)},
                    {"capabilities", json::object()},
                    {"clientInfo", {{"name", "runagents"}, {"version", RUNAGENTS_VERSION}}}};
  const auto answer = co_await ask(entry, "initialize", params.dump(), nullptr);
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->failed) co_return fail(ErrorCode::unavailable, "the MCP server agrees on no protocol version");
  if (!entry->process->write(R"({"jsonrpc":"2.0","method":"notifications/initialized"})")) co_return over();
  co_return Result<void>{};
}

http::Task<Result<PeerAnswer>> StdioPeer::ask(Shared entry, std::string_view method, std::string_view params,
                                              http::Exchange* exchange) {
  entry->arm(idle_limit);
  const auto id = std::to_string(entry->next_id++);
  std::string line = R"({"jsonrpc":"2.0","id":)" + id;
  line.append(R"(,"method":")").append(method).append(R"(","params":)").append(params).append("}");
  auto question = std::make_shared<Running::Question>(context_);
  question->answered.expires_after(answer_limit);
  entry->questions[id] = question;
  if (!entry->process->write(std::move(line))) {
    entry->questions.erase(id);
    co_return over();
  }
  if (exchange != nullptr) {
    exchange->on_gone = [question] {
      question->is_gone = true;
      question->answered.cancel();
    };
  }
  const auto [error] = co_await question->answered.async_wait(http::by_value);
  if (exchange != nullptr) exchange->on_gone = nullptr;
  entry->questions.erase(id);
  if (question->answer) co_return std::move(*question->answer);
  if (question->is_gone || !error) {
    auto cancelled = R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + id + "}}";
    static_cast<void>(entry->process->write(std::move(cancelled)));
    co_return fail(ErrorCode::unavailable, "the MCP server was silent for too long", {}, "upstream_timeout");
  }
  co_return over();
}

void StdioPeer::stop() {
  for (const auto& [key, entry] : running_) {
    if (entry->process) entry->process->stop();
  }
}

}  // namespace runagents::server
