#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace runagents::policy {

/// A value inside the arguments of a tool call, as far as conditions look at one.
struct ArgumentValue {
  enum class Kind { missing, null, boolean, number, text, list, object };
  Kind kind = Kind::missing;
  bool boolean = false;
  long double number = 0;      ///< holds every integer of 64 bits exactly
  std::string_view text;       ///< UTF-8
  const void* list = nullptr;  ///< for Arguments::item
  std::size_t size = 0;        ///< of a list
};

/// The arguments of one call of an MCP tool. A view, so that the evaluator knows no JSON library; see
/// json_arguments.hpp for the one over nlohmann's values.
class Arguments {
 public:
  Arguments() = default;
  Arguments(const Arguments&) = delete;
  Arguments& operator=(const Arguments&) = delete;
  virtual ~Arguments() = default;

  /// The value that a pointer (RFC 6901, in its decoded parts) leads to; Kind::missing when it leads nowhere.
  [[nodiscard]] virtual ArgumentValue at(std::span<const std::string> pointer) const noexcept = 0;
  /// An item of a list that `at` gave.
  [[nodiscard]] virtual ArgumentValue item(const ArgumentValue& list, std::size_t index) const noexcept = 0;
};

}  // namespace runagents::policy
