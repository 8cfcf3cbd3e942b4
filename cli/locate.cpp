#include "cli/locate.hpp"

#include <toml++/toml.h>

namespace runagents::cli {

struct Places::Document {
  toml::table root;

  template <class View>
  static std::size_t line(const View& view) {
    return view.node() == nullptr ? 0 : view.node()->source().begin.line;
  }
};

Places::Places(const std::filesystem::path& file) {
  auto document = std::make_unique<Document>();
  try {
    document->root = toml::parse_file(file.string());
  } catch (const toml::parse_error&) {
    // The reader has accepted this file; if it changed since, lines are unknown and nothing else is lost.
    document->root.clear();
  }
  document_ = std::move(document);
}

Places::~Places() = default;

std::size_t Places::line_of_tool(const std::string& name) const {
  return Document::line(document_->root["tools"][name]);
}

std::size_t Places::line_of_policy(const std::string& name) const {
  return Document::line(document_->root["policies"][name]);
}

std::size_t Places::line_of_entry(const std::string& policy, const char* list, std::size_t index) const {
  return Document::line(document_->root["policies"][policy][list][index - 1]);
}

}  // namespace runagents::cli
