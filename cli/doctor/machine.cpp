#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cli/doctor/doctor.hpp"
#include "cli/output/text.hpp"

namespace runagents::cli {
namespace {

using State = Diagnosis::State;

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20U;
/// A day's events of a busy agent, and the store's write-ahead log with them.
constexpr std::uint64_t scarce_bytes = 1024 * mebibyte;
constexpr std::uint64_t least_bytes = 64 * mebibyte;
constexpr std::uint64_t least_files = 100;

constexpr model::Time earliest_plausible{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};
/// From here on tokens look expired that are not, and the other way round.
constexpr std::chrono::seconds noticeable_skew{60};
/// What AWS takes in signatures.
constexpr std::chrono::minutes largest_skew{5};

Diagnosis examine_directory(const std::string& check, const std::filesystem::path& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) {
    return {check, State::fine, path.string() + " does not exist yet; it is made when needed", {}};
  }
  if (facts.st_uid != ::getuid()) {
    return {check, State::broken, path.string() + " belongs to somebody else", "sudo chown $(id -u) " + path.string()};
  }
  if ((facts.st_mode & 0077U) != 0) {
    return {check, State::broken,
            fmt::format("{} has mode {:04o}: others can look into it", path.string(), facts.st_mode & 07777U),
            "chmod 700 " + path.string()};
  }
  return {check, State::fine, path.string(), {}};
}

/// The directory, or the nearest one above it that exists.
std::filesystem::path existing(std::filesystem::path directory) {
  std::error_code error;
  while (!std::filesystem::exists(directory, error) && directory.has_relative_path()) {
    directory = directory.parent_path();
  }
  return directory;
}

}  // namespace

Diagnosis examine_roots(const std::vector<std::filesystem::path>& candidates) {
  for (const auto& path : candidates) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (!error && size > 0 && ::access(path.c_str(), R_OK) == 0) return {"ca-bundle", State::fine, path.string(), {}};
  }
  return {"ca-bundle", State::broken, "no readable bundle of root certificates: no https tool can be verified",
          "install them: sudo apt-get install ca-certificates"};
}

std::vector<Diagnosis> examine_directories(const config::Directories& directories) {
  return {examine_directory("data-directory", directories.data),
          examine_directory("configuration-directory", directories.configuration),
          examine_directory("cache-directory", directories.cache),
          examine_directory("runtime-directory", directories.runtime)};
}

Diagnosis examine_room(const std::filesystem::path& directory) {
  const auto place = existing(directory);
  struct statvfs facts{};
  if (::statvfs(place.c_str(), &facts) != 0) {
    return {"disk", State::notice, fmt::format("{} cannot be looked at", place.string()), "is the disk there?"};
  }
  const std::uint64_t room = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  const bool has_files = facts.f_files == 0 || facts.f_favail >= least_files;
  const auto detail = has_files ? fmt::format("{} free at {}", output::bytes(room), place.string())
                                : fmt::format("no more files can be made at {}", place.string());
  if (room < least_bytes || !has_files || (facts.f_flag & ST_RDONLY) != 0) {
    return {"disk", State::broken, (facts.f_flag & ST_RDONLY) != 0 ? place.string() + " is read-only" : detail,
            "make room: calls that cannot be recorded are refused"};
  }
  if (room >= scarce_bytes) return {"disk", State::fine, detail, {}};
  return {"disk", State::notice, detail, "make room soon: calls that cannot be recorded are refused"};
}

Diagnosis examine_clock(model::Time now, const HeardTimes& times) {
  const auto said = model::to_iso8601(now);
  const std::string remedy = "set the time (timedatectl set-ntp true): certificates, tokens and approvals depend on it";
  if (now < earliest_plausible) {
    return {"clock", State::broken, fmt::format("the clock says {}, which is in the past", said), remedy};
  }
  const auto skew = [](const HeardTime& heard) { return std::chrono::abs(heard.ours - heard.theirs); };
  const auto nearest = std::ranges::min_element(times, {}, skew);
  if (nearest == times.end()) return {"clock", State::fine, said, {}};
  const auto off = std::chrono::duration_cast<std::chrono::milliseconds>(skew(*nearest));
  if (off < noticeable_skew) {
    return {"clock", State::fine, fmt::format("{}, as {} has it", said, nearest->from), {}};
  }
  const auto direction = nearest->ours > nearest->theirs ? "ahead of" : "behind";
  return {"clock", off < largest_skew ? State::notice : State::broken,
          fmt::format("{} is {} {} the clock of {}", said, output::duration(off), direction, nearest->from), remedy};
}

}  // namespace runagents::cli
