#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace runagents::cli {

/// Where things of a project file stand, for messages about them. Reads the file once more; what cannot be found is at
/// line 0.
class Places {
 public:
  explicit Places(const std::filesystem::path& file);
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  [[nodiscard]] std::size_t line_of_tool(const std::string& name) const;
  [[nodiscard]] std::size_t line_of_policy(const std::string& name) const;
  /// `list` is "rules" or "approvals"; `index` counts from 1.
  [[nodiscard]] std::size_t line_of_entry(const std::string& policy, const char* list, std::size_t index) const;

 private:
  struct Document;
  std::unique_ptr<const Document> document_;
};

}  // namespace runagents::cli
