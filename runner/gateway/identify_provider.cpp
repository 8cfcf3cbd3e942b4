#include "runner/gateway/provider_route.hpp"
#include "runner/gateway/stages.hpp"

namespace runagents::gateway {

using enum model::RefusalCode;

// Provider: of the route at hand, at the place where it answers this kind of question.
egress::Verdict identify_provider(const egress::Snapshot& snapshot, egress::Call& call) {
  auto& inference = *call.inference;
  const auto& route = *inference.route();
  call.tool = snapshot.evaluator.provider(route.provider->name);
  const auto api = api_of(*route.provider, inference.endpoint.api);
  auto target =
      target_of(*route.provider, api.value_or(inference.endpoint.api), route.model, inference.request->stream);
  const auto& base = call.tool->base_url;
  call.scheme = base.scheme;
  call.host = base.host;
  call.port = base.port;
  call.path_scratch = std::move(target.path);
  call.path = call.path_scratch;
  inference.query = std::move(target.query);
  call.query = inference.query;
  call.has_query = !inference.query.empty();
  return egress::pass();
}

// Capability: what a provider has nothing for is said, not left out.
egress::Verdict translate_question(const egress::Snapshot& /*snapshot*/, egress::Call& call) {
  auto& inference = *call.inference;
  const auto& route = *inference.route();
  const auto caller = inference.endpoint.api;
  if (is_answered_here(*route.provider, caller)) return egress::pass();
  const auto api = api_of(*route.provider, caller);
  if (!api || !(caller == *api || llm::can_translate(caller, *api))) {
    return refuse_request(not_supported,
                          {.status = 400,
                           .message = call.tool->title() + " has no " +
                                      (caller == llm::Api::openai_embeddings ? "embeddings" : "such API"),
                           .code = "unsupported_parameter",
                           .field = "model"});
  }
  auto translated = llm::translate_request(
      *inference.request, {.api = *api, .model = route.model, .is_compatible = is_compatible(*route.provider)});
  if (!translated) return refuse_request(not_supported, translated.error());
  inference.plan = std::move(translated->plan);
  call.held_body = std::move(translated->body);
  return egress::pass();
}

}  // namespace runagents::gateway
