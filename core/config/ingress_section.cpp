#include <array>
#include <limits>

#include "core/config/references.hpp"
#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

using model::Ingress;

constexpr std::array accesses = {Word<Ingress::Access>{"authenticated", Ingress::Access::authenticated},
                                 Word<Ingress::Access>{"open", Ingress::Access::open}};

void read_port(const Value& value, Ingress& ingress) {
  if (value.integer() > std::numeric_limits<std::uint16_t>::max()) {
    value.report("is not a port: 1 to 65535");
  } else {
    ingress.port = static_cast<std::uint16_t>(value.integer());
  }
}

constexpr std::array keys = {
    Key<Ingress>{"access", Shape::text, [](const Value& v, Ingress& i) { i.access = read_word(v, accesses); }},
    Key<Ingress>{"port", Shape::integer, read_port},
    Key<Ingress>{"start_timeout", Shape::text, [](const Value& v, Ingress& i) { read_duration(v, i.start_timeout); }},
};

}  // namespace

void read_ingress(const Value& table, model::Project& project) {
  read_table(table, keys, project.ingress);
  const auto access = table.member("access");
  if (!access) return;
  table.reading().later([access = *access](const model::Project& all) {
    const bool is_unfounded = all.ingress.access == Ingress::Access::authenticated && all.identity_providers.empty();
    if (is_unfounded) access.report("needs an identity provider that says who is who", "[identity_providers.NAME]");
  });
}

void list_ingress_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
