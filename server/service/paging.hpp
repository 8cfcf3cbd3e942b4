#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace runagents::server {

/// Which part of a list is wanted.
struct Paging {
  std::uint32_t limit = 1000;  ///< 1 to 1000
  std::string cursor = {};     ///< `next` of the page before; empty: from the start
};

/// Part of a list, newest first.
template <class Value>
struct Page {
  std::vector<Value> items;
  std::string next;  ///< the cursor of the next page; empty: there is no more
};

}  // namespace runagents::server
