#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace runagents::api {

/// Builds the target of a request; everything that is put in is percent-encoded.
class Target {
 public:
  explicit Target(std::string_view path) : text_{path} {}

  Target& segment(std::string_view text);
  /// Leaves an empty value out.
  Target& parameter(std::string_view name, std::string_view value);
  Target& parameter(std::string_view name, std::uint64_t value);
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
  bool has_query_ = false;
};

/// Undoes percent-encoding; nothing when it is malformed.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace runagents::api
