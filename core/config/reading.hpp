#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/document.hpp"
#include "core/config/project_file.hpp"

namespace runagents::config {

/// Findings that one file may have before the rest is left out; a person fixes a handful at a time.
inline constexpr std::size_t max_findings = 200;

/// Findings that are collected before they are put in order; bounds what a hostile file can make us remember.
inline constexpr std::size_t max_collected_findings = 20 * max_findings;

/// The reading of one file: what was found wrong so far, and what can be checked only when everything has been read.
class Reading {
 public:
  /// `file` is absolute.
  explicit Reading(std::filesystem::path file);

  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] std::filesystem::path directory() const { return file_.parent_path(); }

  /// Control characters in key, message and suggestion are made visible, so that a file cannot steer a terminal.
  void report(Position position, std::string_view key, std::string_view message, std::string_view suggestion = {});

  /// Puts a check off until the whole project is known: names that are declared further down.
  void later(std::function<void(const model::Project&)> check) { checks_.push_back(std::move(check)); }
  void run_checks(const model::Project& project);

  /// What was found, in the order of the file.
  [[nodiscard]] std::vector<Finding> findings() &&;

 private:
  std::filesystem::path file_;
  std::vector<Finding> findings_;
  std::size_t left_out_ = 0;
  std::vector<std::function<void(const model::Project&)>> checks_;
};

}  // namespace runagents::config
