#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/policy/pattern.hpp"
#include "core/policy/spelling.hpp"

namespace runagents::policy {

/// "Nothing" among the indices of compiled tables.
inline constexpr std::uint32_t none = UINT32_MAX;

/// Path patterns by segment. Finds every pattern that covers a path (PathPattern::covers) without looking at the
/// others; whoever needs the exact text to match asks the pattern itself. Built once, then only read.
class PathTrie {
 public:
  /// What is left of the path where a node is reached.
  enum class Rest {
    nothing,   ///< the path ends here
    slashes,   ///< slashes only
    segments,  ///< at least one segment that is not empty
  };

  struct Node {
    std::uint32_t any = none;    ///< the child for a wildcard segment
    std::uint32_t exact = none;  ///< payload of the pattern that ends here
    std::uint32_t open = none;   ///< payload of the pattern that ends here in "/*"
    bool has_literals = false;   ///< are there children for literal segments
  };

  PathTrie();

  /// The node of a pattern; the caller fills in `open` when the pattern is open-ended, and `exact` otherwise.
  Node& insert(const PathPattern& pattern);
  /// The node of the path "/".
  Node& root_path() { return nodes_[child_of(0, "")]; }

  /// Calls `visit(node, rest)` for every node on the path, most specific first: children before their parent, the
  /// literal child before the wildcard. Stops when `visit` returns true.
  template <class Visit>
  void walk(std::string_view path, Visit visit) const {
    if (path.starts_with('/')) descend(0, path.substr(1), visit);
  }

 private:
  struct Edge {
    std::uint32_t parent = 0;
    std::string segment;
  };
  struct EdgeView {
    EdgeView(std::uint32_t node, std::string_view text) : parent(node), segment(text) {}
    // Implicit: lets one hash and one comparison serve both
    EdgeView(const Edge& edge) : parent(edge.parent), segment(edge.segment) {}
    std::uint32_t parent;
    std::string_view segment;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const EdgeView& edge) const noexcept { return spelling_hash(edge.segment, edge.parent); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const EdgeView& left, const EdgeView& right) const noexcept {
      return left.parent == right.parent && same_spelled(left.segment, right.segment);
    }
  };

  std::uint32_t child_of(std::uint32_t node, std::string_view literal);
  std::uint32_t wildcard_of(std::uint32_t node);

  template <class Visit>
  bool descend(std::uint32_t index, std::optional<std::string_view> rest, Visit& visit) const {
    const auto& node = nodes_[index];
    if (!rest) {
      if (visit(node, Rest::nothing)) return true;
      // "/a/" is another spelling of "/a".
      const auto slash = node.has_literals ? edges_.find(EdgeView(index, {})) : edges_.end();
      return slash != edges_.end() && visit(nodes_[slash->second], Rest::nothing);
    }
    std::optional<std::string_view> after;
    const auto segment = take_segment(*rest, after);
    if (node.has_literals) {
      const auto child = edges_.find(EdgeView(index, segment));
      if (child != edges_.end() && descend(child->second, after, visit)) return true;
    }
    if (segment.empty()) return visit(node, Rest::slashes);
    if (node.any != none && descend(node.any, after, visit)) return true;
    return visit(node, Rest::segments);
  }

  std::vector<Node> nodes_;
  std::unordered_map<Edge, std::uint32_t, Hash, Equal> edges_;
};

}  // namespace runagents::policy
