#include "cli/project/locate.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>

#include "core/config/document.hpp"

namespace runagents::cli {
namespace {

const config::Node* member(const config::Node* table, std::string_view key) {
  if (table == nullptr) return nullptr;
  const auto found = std::ranges::find(table->members, key, &config::Member::key);
  return found == table->members.end() ? nullptr : &found->value;
}

std::size_t line(const config::Node* node) { return node == nullptr ? 0 : node->position.line; }

}  // namespace

struct Places::Document {
  config::Node root;
};

Places::Places(const std::filesystem::path& file) {
  auto document = std::make_unique<Document>();
  std::ifstream stream{file, std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{stream}, {}};
  // The reader has accepted this file; if it changed since, lines are unknown and nothing else is lost.
  if (auto parsed = config::parse_document(text)) document->root = std::move(*parsed);
  document_ = std::move(document);
}

Places::~Places() = default;

std::size_t Places::line_of_tool(const std::string& name) const {
  return line(member(member(&document_->root, "tools"), name));
}

std::size_t Places::line_of_policy(const std::string& name) const {
  return line(member(member(&document_->root, "policies"), name));
}

std::size_t Places::line_of_entry(const std::string& policy, const char* list, std::size_t index) const {
  const auto* entries = member(member(member(&document_->root, "policies"), policy), list);
  return entries == nullptr || index > entries->items.size() ? 0 : line(&entries->items[index - 1]);
}

}  // namespace runagents::cli
