#include "cli/secrets/secret_search.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace runagents::cli {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20U;

/// Looks through one mapping, chunk by chunk; chunks overlap by the length of what is looked for.
bool range_has(std::string_view secret, int memory, std::uint64_t begin, std::uint64_t end, std::string& chunk) {
  for (std::uint64_t at = begin; at < end; at += chunk_bytes) {
    chunk.resize(std::min<std::uint64_t>(chunk_bytes + secret.size(), end - at));
    const auto got = ::pread(memory, chunk.data(), chunk.size(), static_cast<off_t>(at));
    if (got <= 0) continue;
    if (std::string_view{chunk}.substr(0, static_cast<std::size_t>(got)).find(secret) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<bool> file_has(std::string_view secret, const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  return text.view().find(secret) != std::string_view::npos;
}

std::vector<std::filesystem::path> files_with(std::string_view secret, const std::filesystem::path& directory) {
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{directory, error}) {
    if (entry.is_regular_file(error) && file_has(secret, entry.path()).value_or(false)) found.push_back(entry.path());
  }
  return found;
}

std::optional<bool> memory_has(std::string_view secret, pid_t process) {
  const auto directory = "/proc/" + std::to_string(process);
  std::ifstream maps{directory + "/maps"};
  const int memory = ::open((directory + "/mem").c_str(), O_RDONLY | O_CLOEXEC);
  if (memory < 0) return std::nullopt;
  std::string chunk;
  bool found = false;
  bool looked = false;
  for (std::string line; !found && std::getline(maps, line);) {
    char* after = nullptr;
    const auto begin = std::strtoull(line.c_str(), &after, 16);
    const auto end = std::strtoull(after + 1, &after, 16);
    if (after[0] != ' ' || after[1] != 'r' || line.ends_with("[vvar]")) continue;
    looked = true;
    found = range_has(secret, memory, begin, end, chunk);
  }
  ::close(memory);
  return looked ? std::optional{found} : std::nullopt;
}

}  // namespace runagents::cli
