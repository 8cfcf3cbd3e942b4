#include <algorithm>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "core/config/project_file.hpp"

namespace runagents::config {
namespace {

namespace fs = std::filesystem;

const fs::path corpus = fs::path{RUNAGENTS_SOURCE_DIR} / "tests/corpus/config";

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator{folder}) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

/// The lines "# expect: LINE:COLUMN KEY MESSAGE" of a file, without what comes before LINE.
std::string expectations(const fs::path& file) {
  constexpr std::string_view mark = "# expect: ";
  std::ifstream stream{file};
  std::string result;
  for (std::string line; std::getline(stream, line) && line.starts_with('#');) {
    if (line.starts_with(mark)) result += line.substr(mark.size()) + "\n";
  }
  return result;
}

/// What was found, in the form of the expectations; BASE is the folder of the corpus.
std::string found_in(const fs::path& file) {
  const auto project = read_project(file);
  if (project) return {};
  std::string result;
  for (const auto& finding : project.error()) {
    auto text = finding.to_string().substr(file.string().size() + 1);
    if (const auto separator = text.find(": "); separator != text.npos) text.erase(separator, 1);
    if (const auto base = text.find(corpus.string()); base != text.npos) {
      text.replace(base, corpus.string().size(), "BASE");
    }
    result += text + "\n";
  }
  return result;
}

TEST_CASE("every valid file of the corpus is read without a finding") {
  const auto files = files_in(corpus / "valid");
  REQUIRE(files.size() >= 15);
  for (const auto& file : files) {
    CAPTURE(file.string());
    CHECK(found_in(file) == "");
  }
}

TEST_CASE("every invalid file of the corpus has exactly the findings that it announces") {
  const auto files = files_in(corpus / "invalid");
  REQUIRE(files.size() >= 70);
  for (const auto& file : files) {
    CAPTURE(file.string());
    const auto expected = expectations(file);
    CHECK(expected != "");
    CHECK(found_in(file) == expected);
  }
}

TEST_CASE("no finding repeats a secret that stands in the file") {
  for (const auto& file : files_in(corpus / "invalid")) {
    CAPTURE(file.string());
    const auto found = found_in(file);
    for (const auto* secret : {"hunter2", "sk_live", "sk-", "12345678901234567890"}) CHECK(!found.contains(secret));
  }
}

}  // namespace
}  // namespace runagents::config
