#include "runner/egress/request_id.hpp"

#include <doctest/doctest.h>
#include <set>

using namespace runagents::egress;

TEST_CASE("request ids are ULIDs, each other than the last, in rising order") {
  RequestIds ids;
  std::string last;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    std::string id;
    ids.next(id);
    CHECK(id.size() == 26);
    CHECK(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ") == std::string::npos);
    CHECK(id.front() <= '7');
    CHECK(id > last);
    CHECK(seen.insert(id).second);
    last = id;
  }
}
