#include <utility>

#include "runner/gateway/stages.hpp"

namespace runagents::gateway {
namespace {

using enum model::RefusalCode;
using egress::Call;
using egress::Verdict;

/// Images come in the body, and providers take about as much.
constexpr std::size_t max_request_bytes = std::size_t{32} * 1024 * 1024;

std::string known_names(const model::Project& project) {
  constexpr std::size_t shown = 20;
  std::string names;
  const auto models = model::known_models(project);
  for (std::size_t i = 0; i < std::min(models.size(), shown); ++i) {
    names += (names.empty() ? "there are: " : ", ") + models[i].model;
  }
  if (models.size() > shown) names += " and " + std::to_string(models.size() - shown) + " more";
  return names.empty() ? "no model is named in runagents.toml" : names;
}

Verdict find_routes(Call& call) {
  auto& inference = *call.inference;
  const auto& project = call.snapshot->evaluator.project();
  const auto& asked = inference.request->model;
  inference.routes = model::routes_to(project, asked);
  if (!inference.routes.empty()) return egress::pass();
  return refuse_request(model_not_found,
                        {.status = 404,
                         .message = "the model \"" + asked + "\" does not exist; " + known_names(project),
                         .code = "model_not_found",
                         .field = "model"});
}

}  // namespace

Verdict read_endpoint(Call& call) {
  auto endpoint = endpoint_of(call.method(), call.path);
  if (endpoint) {
    call.inference->endpoint = *std::move(endpoint);
    return egress::pass();
  }
  const auto allow = endpoint.error().allow;
  if (allow.empty()) {
    return egress::refuse(
        endpoint_not_found, "the gateway has nothing at " + std::string{call.path},
        "it answers /v1/chat/completions, /v1/responses, /v1/embeddings, /v1/messages and /v1/models");
  }
  return egress::refuse(method_not_allowed, std::string{call.path} + " takes " + std::string{allow} + ", and this is " +
                                                std::string{call.method()});
}

http::Task<Verdict> read_question(Call& call, http::Exchange& exchange) {
  auto body = co_await exchange.read_whole_body(max_request_bytes);
  if (!body) {
    co_return egress::refuse(body_too_large, "a question to a model is read whole before it is sent, up to " +
                                                 std::to_string(max_request_bytes) +
                                                 " bytes, and this one did not arrive whole");
  }
  auto request = llm::read_request(call.inference->endpoint.api, *std::move(body));
  if (!request) co_return refuse_request(bad_request, request.error());
  call.inference->request = *std::move(request);
  co_return find_routes(call);
}

std::unexpected<egress::Refusal> refuse_request(model::RefusalCode code, const llm::Problem& problem) {
  auto refusal = egress::refuse(code, problem.message);
  refusal.error().problem = {.code = problem.code, .field = problem.field};
  return refusal;
}

}  // namespace runagents::gateway
