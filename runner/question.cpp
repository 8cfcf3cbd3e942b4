#include "runner/question.hpp"

#include <array>
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>
#include <utility>

#include "runner/launch/terminal.hpp"

namespace runagents {
namespace {

struct Choice {
  std::string_view word;
  bool approve;
  model::Scope scope;
};

constexpr std::array choices = {Choice{"y", true, model::Scope::once},    //
                                Choice{"yes", true, model::Scope::once},  //
                                Choice{"run", true, model::Scope::run},   //
                                Choice{"window", true, model::Scope::window}, Choice{"n", false, model::Scope::once},
                                Choice{"no", false, model::Scope::once}};

std::string user_name() {
  std::array<char, 1024> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return "uid " + std::to_string(::getuid());
}

std::string subject(const model::ApprovalRequest& request) {
  const auto& action = request.action;
  return fmt::format("{} {}\n  tool {}{}{}", action.method, action.url, action.tool,
                     action.capability.empty() ? "" : ", " + action.capability,
                     action.end_user.empty() ? "" : ", for " + action.end_user);
}

}  // namespace

std::optional<egress::Answer> ask_person(std::string text, pid_t agent_group, std::chrono::milliseconds time_limit,
                                         int cancel_fd) {
  launch::Question question;
  question.text = std::move(text);
  for (const auto& choice : choices) question.choices.emplace_back(choice.word);
  question.time_limit = time_limit;
  question.agent_group = agent_group;
  question.cancel_fd = cancel_fd;
  const auto index = launch::ask_on_terminal(question);
  if (!index) return std::nullopt;
  const auto& choice = choices.at(*index);
  return egress::Answer{choice.approve, {choice.scope, std::nullopt, user_name(), {}}};
}

std::string announcement(const model::ApprovalRequest& request) {
  // At a server nobody decides on what they ask for themselves.
  std::string who;
  if (!request.requested_by.empty()) {
    who = request.approver_groups.empty()
              ? "  an administrator, not you, decides:\n"
              : fmt::format("  somebody else in the group {} decides:\n", fmt::join(request.approver_groups, " or "));
  }
  return launch::printable(
      fmt::format("runagents: approval needed: {}\n{}  runagents approvals approve {}   (or: reject {})\n",
                  subject(request), who, request.id, request.id));
}

std::string announcement(const egress::ConsentNotice& notice) {
  return launch::printable(fmt::format("runagents: the tool {} needs the consent of {}; open in a browser:\n  {}\n",
                                       notice.tool.name, notice.user, notice.asked.url));
}

}  // namespace runagents
