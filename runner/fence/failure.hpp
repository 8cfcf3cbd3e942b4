#pragma once

#include <array>
#include <cerrno>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/error.hpp"

namespace runagents::fence {

/// What part of the fence could not be built.
enum class Part : int { namespaces, identity, network, listener, view, restrictions };

/// Why the fence could not be built; a value that fits into a message between processes.
struct Failure {
  Part part = Part::namespaces;
  int error = 0;                  ///< errno
  std::array<char, 160> where{};  ///< a path, an address or a system call; may be cut

  Failure() = default;
  Failure(Part failed, std::string_view what, int number = errno) noexcept : part{failed}, error{number} {
    what.copy(where.data(), where.size() - 1);
  }
};

/// Nothing, when it went well.
using Outcome = std::optional<Failure>;

/// The failure for a person, with what to do about it.
[[nodiscard]] Error describe(const Failure& failure);

}  // namespace runagents::fence
