// A policy as the control plane gets and keeps it: what is kept is read again as the same, and kept the same.
#include "server/service/policy_document.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::server;
  using nlohmann::ordered_json;
  const auto document = ordered_json::parse(data, data + size, nullptr, false);
  if (document.is_discarded()) return 0;
  const auto kept = read_policy_document(document, "p");
  if (!kept) return 0;
  const auto again = read_policy_spec(kept->spec, kept->policy.name);
  if (!again || again->rules.size() != kept->policy.rules.size()) std::abort();
  const auto twice = read_policy_document(ordered_json::parse(kept->spec), kept->policy.name);
  if (!twice || twice->spec != kept->spec) std::abort();
  return 0;
}
