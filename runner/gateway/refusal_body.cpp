#include "runner/gateway/refusal_body.hpp"

#include <nlohmann/json.hpp>

namespace runagents::gateway {

using Json = nlohmann::ordered_json;

llm::Problem problem_of(const egress::Refusal& refusal) {
  const auto& traits = model::traits(refusal.code);
  return {.status = traits.status,
          .message = refusal.message,
          .code = refusal.problem.code.empty() ? std::string{traits.word} : refusal.problem.code,
          .field = refusal.problem.field};
}

std::string refusal_body(const egress::Refusal& refusal, const egress::Call& call) {
  auto body = Json::parse(llm::problem_body(call.inference->endpoint.api, problem_of(refusal)));
  auto members = Json::parse(egress::to_json(refusal, call));
  body["code"] = members["code"];
  body["request_id"] = members["request_id"];
  for (const auto* own : {"code", "error", "message"}) members.erase(own);
  body["error"].update(members);
  return body.dump(2) + "\n";
}

std::string_view allowed_methods(const egress::Call& call) {
  const auto endpoint = endpoint_of(call.method(), call.path);
  return endpoint ? std::string_view{} : endpoint.error().allow;
}

}  // namespace runagents::gateway
