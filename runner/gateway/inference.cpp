#include "runner/gateway/inference.hpp"

#include <algorithm>
#include <array>

#include "runner/egress/fields.hpp"

namespace runagents::gateway {
namespace {

constexpr std::string_view anthropic_version = "2023-06-01";

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> known) {
  return std::ranges::any_of(known, [name](std::string_view one) { return egress::same_field(name, one); });
}

bool speaks_anthropic(llm::Api api) {
  return api == llm::Api::anthropic_messages || api == llm::Api::anthropic_count_tokens;
}

}  // namespace

void Inference::turn_to_next() {
  ++at_;
  plan.reset();
  bodies = {};
  usage = {};
  cost.reset();
}

std::string_view Inference::alias() const noexcept {
  const auto* at_hand = route();
  return at_hand == nullptr || !request || request->model == at_hand->model ? std::string_view{} : request->model;
}

bool Inference::passes_on(std::string_view field) const noexcept {
  if (is_one_of(field, {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "openai-organization",
                        "openai-project", "content-type", "content-encoding", "accept-encoding"})) {
    return false;
  }
  return (plan && plan->is_native()) || egress::same_field(field, "user-agent");
}

std::string Inference::own_fields(const std::vector<http::Field>& fields) const {
  std::string lines = "Content-Type: application/json\r\n";
  if (!plan) return lines;
  if (!plan->is_native()) lines += plan->stream ? "Accept: */*\r\n" : "Accept: application/json\r\n";
  const auto is_version = [](const http::Field& field) { return egress::same_field(field.name, "anthropic-version"); };
  const bool says_version = plan->is_native() && std::ranges::any_of(fields, is_version);
  if (speaks_anthropic(plan->provider) && !says_version) {
    lines.append("anthropic-version: ").append(anthropic_version).append("\r\n");
  }
  return lines;
}

}  // namespace runagents::gateway
