#include <cstdint>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runner/fence/restrictions.hpp"

namespace runagents::fence {
namespace {

// <linux/landlock.h> of Debian 12 ends at the third version.
struct RulesetAttributes {
  std::uint64_t file_system = 0;
  std::uint64_t network = 0;
  std::uint64_t scopes = 0;
};
struct __attribute__((packed)) PathBeneath {
  std::uint64_t allowed = 0;
  std::int32_t parent = -1;
};
constexpr unsigned ask_version = 1;
constexpr int rule_path_beneath = 1;

constexpr std::uint64_t write_file = 1U << 1U;
constexpr std::uint64_t make_socket = 1U << 9U;
constexpr std::uint64_t change_directories = 0x1ff0;  ///< remove and make entries of every kind, sockets included
constexpr std::uint64_t refer = 1U << 13U;            ///< from version 2
constexpr std::uint64_t truncate = 1U << 14U;         ///< from version 3
constexpr std::uint64_t scope_abstract_sockets_and_signals = 3;  ///< from version 6

/// Of the fence alone, so that nobody else can connect to a socket there.
bool is_private(std::string_view path) noexcept { return path == "/run" || path == "/dev"; }

/// Before that a rename between two directories could not be allowed.
constexpr long oldest_version = 2;

}  // namespace

long landlock_version() noexcept {
  const auto version = ::syscall(SYS_landlock_create_ruleset, nullptr, std::size_t{0}, ask_version);
  return version >= oldest_version ? version : 0;
}

Outcome restrict_writing(const std::vector<std::string>& writable) noexcept {
  const auto version = landlock_version();
  if (version == 0) return {};
  RulesetAttributes rules;
  rules.file_system = write_file | change_directories | refer | (version >= 3 ? truncate : 0);
  rules.scopes = version >= 6 ? scope_abstract_sockets_and_signals : 0;
  const std::size_t size = version >= 6 ? sizeof rules : sizeof rules.file_system;
  const auto ruleset = static_cast<int>(::syscall(SYS_landlock_create_ruleset, &rules, size, 0U));
  if (ruleset < 0) return Failure{Part::restrictions, "landlock_create_ruleset"};
  bool added = true;
  for (const auto& path : writable) {
    const int parent = ::open(path.c_str(), O_PATH | O_CLOEXEC);
    if (parent < 0) continue;  // what is not there needs no rule
    struct stat facts{};
    const bool is_directory = ::fstat(parent, &facts) == 0 && S_ISDIR(facts.st_mode);
    // A socket in a directory of the machine would be a door between this agent and what else runs there.
    const auto in_directory = is_private(path) ? rules.file_system : rules.file_system & ~make_socket;
    const PathBeneath rule{.allowed = is_directory ? in_directory : rules.file_system & (write_file | truncate),
                           .parent = parent};
    added = added && ::syscall(SYS_landlock_add_rule, ruleset, rule_path_beneath, &rule, 0U) == 0;
    ::close(parent);
  }
  const bool restricted = added && ::syscall(SYS_landlock_restrict_self, ruleset, 0U) == 0;
  const Failure failure{Part::restrictions, "landlock"};
  ::close(ruleset);
  return restricted ? Outcome{} : failure;
}

}  // namespace runagents::fence
