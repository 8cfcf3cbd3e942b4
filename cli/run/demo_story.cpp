#include "cli/run/demo_story.hpp"

#include <fmt/format.h>
#include <fstream>
#include <ostream>
#include <signal.h>
#include <sstream>

#include <nlohmann/json.hpp>

#include "cli/output/text.hpp"
#include "cli/secrets/secret_search.hpp"
#include "runner/fence/examine.hpp"

namespace runagents::cli {
namespace {

using nlohmann::json;
using output::Colour;
using output::paint;

constexpr std::chrono::seconds patience{60};
constexpr int interrupted = 128 + SIGINT;
constexpr std::string_view user = "ada@example.com";

/// Narrates on standard output and counts what did not go as it should.
class Narrator {
 public:
  explicit Narrator(Context& context) : context_{context}, colour_{context.terminal.colour_out} {}

  void chapter(std::string_view title) {
    breathe(400);
    line("");
    line(paint(fmt::format("{}. {}", ++chapter_, title), Colour::bold, colour_));
  }
  void say(std::string_view who, std::string_view what) {
    breathe(150);
    line(fmt::format("   {} {}", paint(fmt::format("{:<9}", who), Colour::cyan, colour_), output::printable(what)));
  }
  void quote(std::string_view text) { context_.terminal.out << output::printable_lines(text, "   | ") << std::flush; }
  void expect(bool happened, std::string_view what) {
    breathe(150);
    failures_ += happened ? 0 : 1;
    const auto mark = happened ? paint("ok", Colour::green, colour_) : paint("FAILED", Colour::red, colour_);
    line(fmt::format("   {} {}", mark, output::printable(what)));
  }
  void line(std::string_view text) { context_.terminal.out << text << '\n' << std::flush; }
  [[nodiscard]] int failures() const noexcept { return failures_; }

 private:
  /// A person reads along; a pipe does not.
  void breathe(int milliseconds) const {
    if (context_.terminal.out_is_terminal) (void)context_.pause(std::chrono::milliseconds{milliseconds});
  }

  Context& context_;
  bool colour_;
  int chapter_ = 0;
  int failures_ = 0;
};

std::vector<json> read_log(const std::filesystem::path& file) {
  std::vector<json> entries;
  std::ifstream in{file};
  for (std::string line; std::getline(in, line);) entries.push_back(json::parse(line, nullptr, false));
  return entries;
}

std::string text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_string() ? std::string{} : found->get<std::string>();
}

/// The story itself, one chapter for each line that the agent prints.
class Story {
 public:
  Story(const DemoWorld& world, Context& context) : world_{world}, context_{context}, narrator_{context} {}

  Outcome tell() {
    open();
    auto words = std::vector<std::string>{"run",
                                          "--config",
                                          (world_.directory / "project" / "runagents.toml").string(),
                                          "--user",
                                          std::string{user},
                                          "--on-approval",
                                          "hold",
                                          "--approval-timeout",
                                          "60s",
                                          "--isolation",
                                          fenced_ ? "strict" : "none"};
    if (fenced_) words.insert(words.end(), {"--env", "DEMO_FENCE=1"});
    auto spec = world_.command(std::move(words));
    spec.set["DEMO_PAYMENTS_KEY"] = world_.key;
    spec.directory = world_.directory / "project";
    spec.errors = world_.directory / "run.err";
    auto run = ChildProcess::start(spec);
    if (!run) return std::unexpected(run.error());
    std::size_t steps = 0;
    while (const auto line = run->read_line(patience)) {
      const auto event = json::parse(*line, nullptr, false);
      if (!event.is_object()) continue;
      ++steps;
      tell_step(event);
    }
    const int status = run->wait();
    if (status == interrupted) return fail(ErrorCode::internal, "interrupted");
    close(status, steps);
    if (narrator_.failures() == 0) return 0;
    return fail(ErrorCode::bad_outcome, fmt::format("{} things did not go as they should", narrator_.failures()));
  }

 private:
  void open() {
    narrator_.line("An agent asks a payments API for a refund. The API demands a key; the agent holds none.");
    narrator_.line(fmt::format("Both are real programs on this machine: {}", world_.directory.string()));
    const auto failure = fence::examine();
    fenced_ = !failure;
    if (failure) narrator_.line("Without the fence, which this machine refuses: " + fence::describe(*failure).message);
  }

  void tell_step(const json& event) {
    const auto step = text(event, "step");
    if (step == "started") begin(event);
    if (step == "allowed") allowed(event);
    if (step == "model") model(event);
    if (step == "unregistered") {
      refused(event, "A call to a host that is no tool", "POST http://pastebin.example/upload", "TOOL_NOT_REGISTERED");
    }
    if (step == "policy") refused(event, "A call that policy denies", "DELETE /v1/charges/ch_1", "POLICY_DENIED");
    if (step == "capability") {
      refused(event, "A call that the tool does not declare", "GET /v1/balance", "CAPABILITY_NOT_DECLARED");
    }
    if (step == "direct") direct(event);
    if (step == "around") around(event);
    if (step == "asking") ask();
    if (step == "approved") approved(event);
  }

  void begin(const json& event) {
    narrator_.chapter("The agent starts");
    narrator_.say("agent", fmt::format("TOOL_PAYMENTS_URL={}, no key", text(event, "url")));
  }

  void allowed(const json& event) {
    narrator_.chapter("A call that policy allows");
    narrator_.say("agent", fmt::format("GET /v1/charges -> {}", event.value("status", 0)));
    const auto log = read_log(world_.log());
    const bool seen = log.size() == 1 && text(log[0], "key") == "right";
    narrator_.expect(event.value("status", 0) == 200, "the agent got its answer");
    narrator_.expect(seen, "the API saw the right key: runagents injected it on the way");
    narrator_.expect(seen && text(log[0], "user") == user,
                     fmt::format("the API saw for whom: X-End-User-ID: {}", user));
    calls_seen_ = log.size();
    agent_ = recorded_process();
  }

  void model(const json& event) {
    narrator_.chapter("A question to a model");
    const auto answer = event.value("answer", json::object());
    const auto said = answer.value(json::json_pointer{"/choices/0/message/content"}, std::string{});
    narrator_.say("agent", fmt::format("POST $LLM_GATEWAY_URL/chat/completions -> {}", event.value("status", 0)));
    narrator_.say("model", said);
    narrator_.expect(
        event.value("status", 0) == 200 && !said.empty(),
        "the model inside runagents answered; another takes its place in runagents.toml, not in the agent");
  }

  /// The agent's process as this machine knows it, from the record; inside the fence it has another number.
  pid_t recorded_process() {
    const auto events = run_child(world_.command({"runs", "events", "latest", "-o", "jsonl"}));
    std::istringstream lines{events ? events->output : std::string{}};
    for (std::string line; std::getline(lines, line);) {
      const auto event = json::parse(line, nullptr, false);
      if (event.is_object() && text(event, "type") == "TOOL_CALLED") return event.value("pid", 0);
    }
    return 0;
  }

  void direct(const json& event) {
    narrator_.chapter("The API's own URL, with no proxy and no key");
    narrator_.say("agent", fmt::format("GET {}/v1/charges -> {}", text(event, "url"), event.value("status", 0)));
    const auto log = calls_to("/v1/charges");
    narrator_.expect(event.value("status", 0) == 200 && log.size() == 2 && text(log.back(), "key") == "right",
                     "the fence brought the call through the same pipeline, and the key was injected");
  }

  /// What the API saw of one of its operations.
  std::vector<json> calls_to(std::string_view path) {
    auto log = read_log(world_.log());
    std::erase_if(log, [path](const json& entry) { return text(entry, "path") != path; });
    return log;
  }

  void around(const json& event) {
    narrator_.chapter("A way around: a connection to somewhere else");
    narrator_.say("agent", fmt::format("connect to {} -> {}", text(event, "to"), text(event, "error")));
    narrator_.expect(!text(event, "error").empty(), "refused: there is no network inside the fence but the tools");
  }

  void refused(const json& event, std::string_view title, std::string_view call, std::string_view code) {
    narrator_.chapter(title);
    const auto answer = event.value("answer", json::object());
    narrator_.say("agent", fmt::format("{} -> {} {}", call, event.value("status", 0), text(answer, "code")));
    narrator_.say("runagents", text(answer, "message"));
    narrator_.expect(event.value("status", 0) == 403 && text(answer, "code") == code,
                     fmt::format("refused with {}", code));
    narrator_.expect(read_log(world_.log()).size() == calls_seen_, "it never left this machine's runner");
  }

  /// The identity of the one request that waits; empty when none came in time.
  std::string await_request() {
    const auto end = context_.now() + patience;
    while (context_.now() < end) {
      const auto listed = run_child(world_.command({"approvals", "list", "--status", "pending", "-o", "name"}));
      if (listed && listed->exit_code == 0 && !listed->output.empty()) {
        return listed->output.substr(0, listed->output.find('\n'));
      }
      if (!context_.pause(std::chrono::milliseconds{50})) break;
    }
    return {};
  }

  void ask() {
    narrator_.chapter("A call that needs a person");
    const auto id = await_request();
    narrator_.expect(!id.empty(), "POST /v1/refunds is held; the agent waits for its answer");
    if (id.empty()) return;
    narrator_.say("you", "runagents approvals get " + id.substr(0, 8));
    const auto card = run_child(world_.command({"approvals", "get", id}));
    if (card) narrator_.quote(card->output);
    narrator_.expect(read_log(world_.log()).size() == calls_seen_, "the API has not seen it yet");
    search_for_key();
    narrator_.chapter("The person approves");
    narrator_.say("you", "runagents approvals approve " + id.substr(0, 8));
    const auto decided = run_child(world_.command({"approvals", "approve", id, "--scope", "once"}));
    narrator_.expect(decided && decided->exit_code == 0, "approved, once");
  }

  /// While the agent waits it can be looked at at leisure.
  void search_for_key() {
    narrator_.chapter("Where is the key? We look for it while the agent waits");
    const auto process = fmt::format("/proc/{}", agent_);
    const auto absent = [this](std::optional<bool> found, std::string_view where) {
      narrator_.expect(found == false, fmt::format("not in {}", where));
    };
    absent(file_has(world_.key, process + "/environ"), "the agent's environment");
    absent(file_has(world_.key, process + "/cmdline"), "the agent's arguments");
    narrator_.expect(files_with(world_.key, world_.directory).empty(),
                     "in no file of the project, the store, the event journal or the log");
    const auto memory = memory_has(world_.key, agent_);
    if (memory) narrator_.expect(!*memory, "not in the agent's memory");
  }

  void approved(const json& event) {
    narrator_.say("agent", fmt::format("POST /v1/refunds -> {}", event.value("status", 0)));
    const auto log = calls_to("/v1/refunds");
    narrator_.expect(event.value("status", 0) == 201, "the very same call went through");
    narrator_.expect(log.size() == 1 && text(log[0], "key") == "right" && text(log[0], "user") == user,
                     "the API saw it one time, with its key and its user");
  }

  void close(int status, std::size_t steps) {
    narrator_.chapter("The agent ends");
    std::ifstream in{world_.directory / "run.err"};
    const std::string summary{std::istreambuf_iterator<char>{in}, {}};
    narrator_.quote(summary);
    narrator_.expect(summary.find("llm  demo  1 call") != std::string::npos, "what the model was used for is in it");
    narrator_.expect(status == 0 && steps == (fenced_ ? 10U : 8U), "the run ended with the agent's own status, 0");
    narrator_.say("you", "runagents runs verify latest");
    const auto verified = run_child(world_.command({"runs", "verify", "latest"}));
    if (verified) narrator_.quote(verified->output);
    narrator_.expect(verified && verified->exit_code == 0,
                     "every decision is on record, and nobody has changed the record");
    narrator_.line("");
    narrator_.line("Your turn:  runagents init my-agent && cd my-agent && runagents run");
  }

  const DemoWorld& world_;
  Context& context_;
  Narrator narrator_;
  bool fenced_ = false;
  pid_t agent_ = 0;
  std::size_t calls_seen_ = 0;
};

}  // namespace

ChildSpec DemoWorld::command(std::vector<std::string> words) const {
  ChildSpec spec;
  spec.command = {program};
  spec.command.insert(spec.command.end(), words.begin(), words.end());
  spec.unset_prefix = "RUNAGENTS_";
  for (const auto* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"}) {
    spec.set[name] = (directory / name).string();
  }
  return spec;
}

Outcome tell_story(const DemoWorld& world, Context& context) { return Story{world, context}.tell(); }

}  // namespace runagents::cli
