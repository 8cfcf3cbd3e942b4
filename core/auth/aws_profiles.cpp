#include "core/auth/aws_profiles.hpp"

#include <algorithm>

#include "core/ascii.hpp"

namespace runagents::auth {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

/// A comment begins at the line's start, or after a blank.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool may_begin = i == 0 || blanks.contains(line[i - 1]);
    if (may_begin && (line[i] == '#' || line[i] == ';')) return line.substr(0, i);
  }
  return line;
}

std::string_view unquoted(std::string_view name) {
  const bool is_quoted =
      name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front();
  return is_quoted ? name.substr(1, name.size() - 2) : name;
}

/// "profile reports" with the word "profile": "reports"; with another word: nothing.
std::string_view named(std::string_view header, std::string_view word) {
  if (!header.starts_with(word) || header.size() <= word.size() || !blanks.contains(header[word.size()])) return {};
  return unquoted(trimmed(header.substr(word.size())));
}

/// Calls `begin` with each section's header and adds the settings below it to the section that it gives, if any.
template <class Begin>
void read(std::string_view text, Begin begin) {
  AwsProfiles::Section* section = nullptr;
  while (!text.empty()) {
    const auto whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    // What is indented belongs to a nested setting, of which there is none that matters here.
    const bool is_nested = !whole.empty() && blanks.contains(whole.front());
    const auto line = trimmed(without_comment(whole));
    if (line.empty() || is_nested) continue;
    if (line.starts_with('[')) {
      section = line.ends_with(']') ? begin(trimmed(line.substr(1, line.size() - 2))) : nullptr;
      continue;
    }
    const auto equals = line.find('=');
    if (section == nullptr || equals == line.npos) continue;
    section->insert_or_assign(lowered(trimmed(line.substr(0, equals))), std::string{trimmed(line.substr(equals + 1))});
  }
}

}  // namespace

AwsProfiles::AwsProfiles(std::string_view config, std::string_view credentials) {
  // [profile default] counts for more than [default], wherever it stands.
  Section plain_default;
  bool has_plain_default = false;
  read(config, [&](std::string_view header) -> Section* {
    if (header == "default") {
      has_plain_default = true;
      return &plain_default;
    }
    if (const auto session = named(header, "sso-session"); !session.empty()) return &sessions_[std::string{session}];
    const auto name = named(header, "profile");
    return name.empty() ? nullptr : &profiles_[std::string{name}];
  });
  if (has_plain_default) profiles_.try_emplace("default", std::move(plain_default));
  std::map<std::string, Section, std::less<>> keys;
  read(credentials, [&keys](std::string_view header) { return &keys[std::string{unquoted(header)}]; });
  for (auto& [name, section] : keys) {
    auto& profile = profiles_[name];
    // A key id and the secret of another file do not belong together.
    if (section.contains("aws_access_key_id")) {
      for (const auto* key : {"aws_access_key_id", "aws_secret_access_key", "aws_session_token"}) profile.erase(key);
    }
    for (auto& [key, value] : section) profile.insert_or_assign(key, std::move(value));
  }
}

const AwsProfiles::Section* AwsProfiles::profile(std::string_view name) const {
  const auto found = profiles_.find(name);
  return found == profiles_.end() ? nullptr : &found->second;
}

const AwsProfiles::Section* AwsProfiles::sso_session(std::string_view name) const {
  const auto found = sessions_.find(name);
  return found == sessions_.end() ? nullptr : &found->second;
}

std::string_view setting(const AwsProfiles::Section* section, std::string_view key) {
  if (section == nullptr) return {};
  const auto found = section->find(key);
  return found == section->end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace runagents::auth
