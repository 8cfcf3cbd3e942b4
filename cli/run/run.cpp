#include "cli/run/run.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <ostream>
#include <unistd.h>

#include "cli/approvals/approval_card.hpp"
#include "cli/approvals/approvals.hpp"
#include "cli/groups.hpp"
#include "cli/output/print.hpp"
#include "cli/project/project.hpp"
#include "cli/run/planes.hpp"

namespace runagents::cli {
namespace {

constexpr int runagents_failed = 125;

bool is_variable_name(std::string_view name) {
  const auto fits = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !name.empty() && std::isdigit(static_cast<unsigned char>(name.front())) == 0 &&
         std::ranges::all_of(name, fits);
}

Result<void> choose_agent(const RunFlags& flags, model::Project& project) {
  if (!flags.agent.empty() && flags.agent != project.agent.name) {
    return fail(ErrorCode::not_found, fmt::format("{} has no agent \"{}\"", project.file.string(), flags.agent),
                fmt::format("its agent is \"{}\"", project.agent.name));
  }
  if (!flags.command.empty()) project.agent.command = flags.command;
  if (project.agent.command.empty()) {
    return fail(ErrorCode::usage, "there is no command to run",
                "name it after \"--\", or set [agent].command in " + project.file.string());
  }
  return {};
}

/// Paths of the command line belong to where it is typed.
Result<std::vector<std::string>> absolute_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> absolute;
  for (const auto& path : paths) {
    std::error_code error;
    const auto one = std::filesystem::absolute(path, error);
    if (path.empty() || error) return fail(ErrorCode::usage, fmt::format("\"{}\" is no path", path));
    absolute.push_back(one.string());
  }
  return absolute;
}

Result<void> check_fence_flags(const RunFlags& flags) {
  if (flags.isolation == "strict" || (flags.mask.empty() && flags.expose.empty())) return {};
  return fail(ErrorCode::usage, "--mask and --expose are about the fence, and --isolation=none is a run without one");
}

Result<void> check_observe_flags(const RunFlags& flags) {
  if (!flags.observe || flags.on_approval == "hold") return {};
  return fail(ErrorCode::usage, "--on-approval means nothing with --observe: such a run asks for no approvals",
              "leave one of them out");
}

bool has_terminal() {
  const int terminal = ::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal >= 0) ::close(terminal);
  return terminal >= 0;
}

Result<OnApproval> read_on_approval(const std::string& word) {
  if (word == "return") return OnApproval::give_back;
  if (word == "deny") return OnApproval::deny;
  if (word != "ask") return OnApproval::hold;
  if (has_terminal()) return OnApproval::ask;
  return fail(ErrorCode::usage, "--on-approval=ask needs a terminal, and there is none",
              "use hold and decide with: runagents approvals approve ID");
}

/// On a server nobody decides on what they ask for themselves.
Result<void> check_on_approval(OnApproval on_approval, const Context& context) {
  const auto connection = context.connection();
  if (!connection) return std::unexpected(connection.error());
  if (on_approval != OnApproval::ask || (*connection)->is_local()) return {};
  return fail(ErrorCode::usage,
              "--on-approval=ask asks whoever runs the agent, and at " + (*connection)->label() + " others decide",
              "use hold; an approver decides with: runagents approvals approve ID");
}

/// "127.0.0.1:8000", "[::1]:8000", "localhost:8000", ":8000", "8000"; the address is this machine's loopback unless
/// another one is named.
Result<std::optional<ListenAddress>> read_ingress(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto colon = text.rfind(':');
  auto address = colon == std::string::npos ? std::string{} : text.substr(0, colon);
  const auto digits = colon == std::string::npos ? std::string_view{text} : std::string_view{text}.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  if (address.empty() || address == "localhost") address = "127.0.0.1";
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error == std::errc{} && end == digits.data() + digits.size()) return ListenAddress{address, port};
  return fail(ErrorCode::usage, fmt::format("--ingress: \"{}\" does not end in a port", text),
              "write ADDRESS:PORT, for example 127.0.0.1:8000");
}

OnConsent read_on_consent(const std::string& word) {
  if (word == "return") return OnConsent::give_back;
  return word == "deny" ? OnConsent::deny : OnConsent::hold;
}

SummaryFormat read_summary(const std::string& word) {
  if (word == "json") return SummaryFormat::json;
  return word == "none" ? SummaryFormat::none : SummaryFormat::text;
}

/// The flags, bound to `flags`.
std::vector<Flag> run_flags(RunFlags& flags) {
  return {
      config_flag(flags.config),
      {.name = "agent",
       .value = "NAME",
       .summary = "refuse to run any other agent",
       .binding = &flags.agent,
       .means = Means::agent},
      {.name = "user",
       .value = "USER",
       .summary = "the end user for whom the agent acts",
       .binding = &flags.user,
       .means = Means::user},
      {.name = "ingress",
       .value = "ADDR:PORT",
       .summary = "let requests for the agent in at this address",
       .binding = &flags.ingress},
      {.name = "isolation",
       .value = "MODE",
       .summary = "strict: inside the fence; none: the agent could go around its doors",
       .binding = &flags.isolation,
       .choices = {"strict", "none"},
       .default_text = "strict"},
      {.name = "observe",
       .summary = "refuse and hold nothing by policy; record what would have been",
       .binding = &flags.observe},
      {.name = "mask",
       .value = "PATH",
       .summary = "hide a file or directory from the agent; may be repeated",
       .binding = &flags.mask,
       .means = Means::file},
      {.name = "expose",
       .value = "PATH",
       .summary = "show the agent what the fence would hide; may be repeated",
       .binding = &flags.expose,
       .means = Means::file},
      {.name = "on-approval",
       .value = "MODE",
       .summary = "what a call that needs approval does",
       .binding = &flags.on_approval,
       .choices = {"hold", "return", "ask", "deny"},
       .default_text = "hold"},
      {.name = "approval-timeout",
       .value = "TIME",
       .summary = "how long such a call waits",
       .binding = &flags.approval_timeout,
       .default_text = "10m"},
      {.name = "on-consent",
       .value = "MODE",
       .summary = "what a call does whose user has not consented to the tool's use",
       .binding = &flags.on_consent,
       .choices = {"hold", "return", "deny"},
       .default_text = "hold"},
      {.name = "consent-timeout",
       .value = "TIME",
       .summary = "how long such a call waits",
       .binding = &flags.consent_timeout,
       .default_text = "10m"},
      {.name = "env", .value = "K=V", .summary = "add a variable; may be repeated", .binding = &flags.environment},
      {.name = "pass-env",
       .value = "NAME",
       .summary = "readmit a variable that would be removed; may be repeated",
       .binding = &flags.pass_environment},
      {.name = "kill-after",
       .value = "TIME",
       .summary = "how long after the first signal the agent is killed",
       .binding = &flags.kill_after,
       .default_text = "10s"},
      switch_flag("record", "keep the bodies of calls, for runs replay; they may hold what is secret", flags.record),
      switch_flag("dry-run", "print what would be injected and enforced, and start nothing", flags.dry_run),
      {.name = "summary",
       .value = "FORMAT",
       .summary = "what stands on stderr at the end",
       .binding = &flags.summary,
       .choices = {"text", "json", "none"},
       .default_text = "text"},
      {.name = "quiet", .letter = 'q', .summary = "no summary, no notices", .binding = &flags.quiet},
      {.name = "verbose",
       .letter = 'v',
       .summary = "say which variables were removed, and more",
       .binding = &flags.verbose},
  };
}

Outcome print_dry_run(const RunOptions& options, const Context& context) {
  const auto text = dry_run(options);
  if (!text) return std::unexpected(text.error());
  auto output = context.output;
  if (output.format == output::Format::table) output.format = output::Format::json;
  const output::Card card{.text = {}, .name = options.project.agent.name, .json = *text};
  auto printed = output::print(card, output, context.terminal);
  if (!printed) return std::unexpected(printed.error());
  return 0;
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> read_assignments(const std::vector<std::string>& words) {
  std::vector<std::pair<std::string, std::string>> assignments;
  for (const auto& word : words) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    if (equals == std::string::npos || !is_variable_name(name)) {
      return fail(ErrorCode::usage, fmt::format("--env: \"{}\" does not begin with NAME=", name),
                  "write --env NAME=value; --pass-env NAME hands on a variable of yours");
    }
    assignments.emplace_back(name, word.substr(equals + 1));
  }
  return assignments;
}

Result<RunOptions> run_options(const RunFlags& flags, const Context& context) {
  auto project = load_project(flags.config, context);
  if (!project) return std::unexpected(project.error());
  for (const auto& checked : {choose_agent(flags, *project), check_fence_flags(flags), check_observe_flags(flags)}) {
    if (!checked) return std::unexpected(checked.error());
  }
  auto directories = context.directories();
  if (!directories) return std::unexpected(directories.error());
  auto environment = read_assignments(flags.environment);
  if (!environment) return std::unexpected(environment.error());
  auto mask = absolute_paths(flags.mask);
  auto expose = absolute_paths(flags.expose);
  if (!mask) return std::unexpected(mask.error());
  if (!expose) return std::unexpected(expose.error());
  const auto on_approval = read_on_approval(flags.on_approval);
  if (!on_approval) return std::unexpected(on_approval.error());
  const auto ingress = read_ingress(flags.ingress);
  if (!ingress) return std::unexpected(ingress.error());
  for (const auto& name : flags.pass_environment) {
    if (!is_variable_name(name)) {
      return fail(ErrorCode::usage, fmt::format("--pass-env: \"{}\" is no name of a variable", name));
    }
  }
  auto own = own_secrets(context);
  if (!own) return std::unexpected(own.error());
  if (auto fit = check_on_approval(*on_approval, context); !fit) return std::unexpected(fit.error());
  // The project's own command is written beside the file; one that is typed belongs to where it is typed.
  auto working_directory = flags.command.empty() ? project->directory.string() : std::string{};
  return RunOptions{.project = std::move(*project),
                    .directories = std::move(*directories),
                    .working_directory = std::move(working_directory),
                    .end_user = flags.user,
                    .isolation = flags.isolation == "strict" ? Isolation::strict : Isolation::none,
                    .observe = flags.observe,
                    .ingress = *ingress,
                    .mask = std::move(*mask),
                    .expose = std::move(*expose),
                    .on_approval = *on_approval,
                    .question =
                        [width = context.terminal.width](const model::ApprovalRequest& request) {
                          return approval_question(request, model::now(), width);
                        },
                    .approval_timeout = flags.approval_timeout,
                    .on_consent = read_on_consent(flags.on_consent),
                    .consent_timeout = flags.consent_timeout,
                    .environment = std::move(*environment),
                    .pass_environment = flags.pass_environment,
                    .kill_after = flags.kill_after,
                    .own_secrets = std::move(*own),
                    .record = flags.record,
                    .verbose = flags.verbose,
                    .summary = read_summary(flags.summary),
                    .quiet = flags.quiet,
                    .colour = context.terminal.colour_err};
}

Command run_command() {
  auto flags = std::make_shared<RunFlags>();
  return {
      .name = "run",
      .summary = "run an agent behind the egress pipeline",
      .description =
          "Starts CMD with TOOL_<NAME>_URL for each of its tools in its environment and without any credential. Every "
          "call\nthat it makes is identified, checked, given its credential, recorded and forwarded, or refused with "
          "the reason.\n\nThe agent runs inside a fence: it reaches no network but its tools, also by their own URLs, "
          "and does not see where\ncredentials are kept. The exit status is the agent's own; 128+N when signal N ended "
          "it; 125 when runagents failed; "
          "126 when the command\ncannot be executed; 127 when it is not found.",
      .examples = {{"runagents run", "run the command of runagents.toml"},
                   {"runagents run --user ada@example.com -- python3 agent.py", "run another command, for Ada"},
                   {"runagents run --ingress 127.0.0.1:8000", "serve end users, each with a token of their own"},
                   {"runagents run --observe", "see what the agent needs: policy stops nothing, and all is recorded"},
                   {"runagents run --dry-run", "see what would be injected and enforced"}},
      .arguments = {{.name = "CMD",
                     .summary = "the command and its arguments (default: [agent].command)",
                     .binding = &flags->command,
                     .required = false,
                     .is_command = true}},
      .flags = run_flags(*flags),
      .failure_exit = runagents_failed,
      .run = [flags](Context& context) -> Outcome {
        if (flags->observe) {
          if (auto person = refuse_agents(context, "start a run that observes"); !person) {
            return std::unexpected(person.error());
          }
        }
        const auto options = run_options(*flags, context);
        if (!options) return std::unexpected(options.error());
        if (flags->dry_run) return print_dry_run(*options, context);
        const auto planes = run_planes(*options, context);
        if (!planes) return std::unexpected(planes.error());
        return run(*options, *planes);
      }};
}

}  // namespace runagents::cli
