#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/llm/findings.hpp"

namespace runagents::llm {

using Json = nlohmann::ordered_json;

/// A value of the caller's body and where it stands, for writers that have nothing for it.
struct Setting {
  const Json* value = nullptr;  ///< null: not there
  std::string field;

  explicit operator bool() const noexcept { return value != nullptr; }
};

/// The members of one object of a request: each is taken by name, and what nobody took is refused, so that nothing is
/// overlooked. A member that is null counts as absent. The object must outlive this and what it returns.
class Members {
 public:
  /// Anything but an object is refused, and has no members then.
  Members(const Json& object, std::string path, Findings& findings);

  /// "messages[2].content" for "content"; the object's own place for an empty name.
  [[nodiscard]] std::string path(std::string_view name = {}) const;
  [[nodiscard]] Findings& findings() const noexcept { return findings_; }

  /// Null when there is none.
  const Json* take(std::string_view name);
  Setting setting(std::string_view name);
  /// Of another type than asked for: refused, and absent.
  std::optional<std::string_view> text(std::string_view name);
  std::optional<bool> flag(std::string_view name);
  std::optional<std::uint64_t> count(std::string_view name);
  Setting number(std::string_view name);
  const Json* list(std::string_view name);
  const Json* object(std::string_view name);
  /// Refused when it is absent.
  std::string_view required_text(std::string_view name);

  /// A text that must be one of these; refused as unsupported otherwise.
  void only(std::string_view name, std::initializer_list<std::string_view> allowed, std::string_view why);
  /// Members that are hints where they are there at all.
  void hints(std::initializer_list<std::string_view> names);
  /// Members that ask for nothing when they are false, 0 or empty, and for too much otherwise.
  void refuse_unless_empty(std::initializer_list<std::string_view> names, std::string_view why);
  /// What was not taken is not known here.
  void refuse_rest();

 private:
  const Json* wrong(std::string_view name, std::string_view what);

  const Json* object_ = nullptr;
  std::string path_;
  Findings& findings_;
  std::vector<bool> taken_;
};

/// "list[3]"
[[nodiscard]] std::string element(std::string_view list, std::size_t index);

}  // namespace runagents::llm
