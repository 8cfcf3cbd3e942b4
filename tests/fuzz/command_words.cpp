// The words of a command: quoted as a shell would have them, they are the same words.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/config/command_line.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using runagents::config::split_command;
  const auto words = split_command({reinterpret_cast<const char*>(data), size});
  if (!words) return 0;
  std::string quoted;
  for (const auto& word : *words) {
    quoted += " '";
    for (const char c : word) quoted += c == '\'' ? std::string{"'\\''"} : std::string(1, c);
    quoted += "'";
  }
  const auto again = split_command(quoted);
  if (words->empty() ? again && !again->empty() : !again || *again != *words) std::abort();
  return 0;
}
