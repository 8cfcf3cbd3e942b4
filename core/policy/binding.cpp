#include "core/policy/binding.hpp"

#include <algorithm>

#include "core/policy/subject.hpp"

namespace runagents::policy {
namespace {

using Facts = std::optional<std::span<const std::string>>;

Match match_fact(const Facts& facts, std::string_view text) noexcept {
  if (!facts) return Match::unknown;
  return std::ranges::find(*facts, text) == facts->end() ? Match::no : Match::yes;
}

bool is_one_of(std::string_view text, std::string_view one, std::string_view other) noexcept {
  return text == one || text == other;
}

Match match_user(const Subject& subject, const std::optional<EndUser>& user) noexcept {
  if (!user) return Match::no;
  switch (subject.kind) {
    case SubjectKind::user:
      return is_one_of(subject.text, user->id, user->email) ? Match::yes : Match::no;
    case SubjectKind::group:
      return match_fact(user->groups, subject.text);
    case SubjectKind::role:
      return match_fact(user->roles, subject.text);
    case SubjectKind::attribute:
      return match_fact(user->attributes, subject.text);
    default:
      return Match::no;
  }
}

Match match_agent(const Subject& subject, const Operation& operation) noexcept {
  const auto& account = operation.account;
  const bool is_agent = subject.kind == SubjectKind::agent && subject.text == operation.agent;
  const bool is_account =
      subject.kind == SubjectKind::account && account && is_one_of(subject.text, account->id, account->name);
  return is_agent || is_account ? Match::yes : Match::no;
}

}  // namespace

Match match_subjects(const model::Policy& policy, const Operation& operation, Side side) noexcept {
  auto outcome = Match::no;
  for (const auto& text : policy.subjects) {
    const auto subject = parse_subject(text);
    if (!subject) continue;
    if (subject->kind == SubjectKind::everyone) return Match::yes;
    const auto match =
        side == Side::agent ? match_agent(*subject, operation) : match_user(*subject, operation.end_user);
    if (match == Match::yes) return match;
    if (match == Match::unknown) outcome = match;
  }
  return outcome;
}

bool is_bound(const model::Policy& policy, const model::Agent& agent) noexcept {
  return policy.subjects.empty() || std::ranges::any_of(policy.subjects, [&agent](const std::string& text) {
           const auto subject = parse_subject(text);
           if (!subject) return false;
           if (subject->kind == SubjectKind::agent) return subject->text == agent.name;
           if (subject->kind == SubjectKind::account) return subject->text == agent.account;
           return subject->kind == SubjectKind::everyone;
         });
}

bool names_users(const model::Policy& policy) noexcept {
  return std::ranges::any_of(policy.subjects, [](const std::string& text) {
    const auto subject = parse_subject(text);
    return subject && is_of_user(subject->kind);
  });
}

std::optional<std::string_view> below_base(std::string_view path, std::string_view base) noexcept {
  if (!path.starts_with(base)) return std::nullopt;
  const auto rest = path.substr(base.size());
  if (rest.empty()) return "/";
  if (rest.front() != '/') return std::nullopt;
  return rest;
}

bool is_at(const ResourcePattern& resource, const model::BaseUrl& base) noexcept {
  return resource.scheme == base.scheme && resource.host == base.host && resource.port == base.port;
}

}  // namespace runagents::policy
