#include "core/policy/path_trie.hpp"

namespace runagents::policy {

PathTrie::PathTrie() : nodes_(1) {}

std::uint32_t PathTrie::child_of(std::uint32_t node, std::string_view literal) {
  const auto next = static_cast<std::uint32_t>(nodes_.size());
  const auto [edge, is_new] = edges_.try_emplace(Edge{node, std::string(literal)}, next);
  if (is_new) {
    nodes_[node].has_literals = true;
    nodes_.emplace_back();
  }
  return edge->second;
}

std::uint32_t PathTrie::wildcard_of(std::uint32_t node) {
  if (nodes_[node].any == none) {
    nodes_[node].any = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
  }
  return nodes_[node].any;
}

PathTrie::Node& PathTrie::insert(const PathPattern& pattern) {
  std::uint32_t node = 0;
  for (std::size_t i = 0; i < pattern.segments.size(); ++i) {
    const auto& segment = pattern.segments[i];
    const bool trailing = i + 1 == pattern.segments.size() && !pattern.open_ended;
    if (segment.kind == PathPattern::Kind::any) {
      node = wildcard_of(node);
    } else if (!segment.text.empty() || trailing) {
      node = child_of(node, segment.text);
    }
  }
  return nodes_[node];
}

}  // namespace runagents::policy
