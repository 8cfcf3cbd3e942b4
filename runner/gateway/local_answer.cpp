#include "runner/gateway/local_answer.hpp"

#include <algorithm>
#include <chrono>

#include "core/llm/models.hpp"
#include "runner/egress/fields.hpp"
#include "runner/egress/pipeline.hpp"
#include "runner/gateway/spending.hpp"
#include "runner/gateway/stages.hpp"

namespace runagents::gateway {
namespace {

using egress::Call;
using egress::Engine;
using egress::Exchange;

http::Task<void> send(Call& call, Exchange& exchange, std::string body) {
  const std::string fields = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
  call.status = 200;
  egress::ResponseStart start;
  start.fields = &fields;
  start.content_length = body.size();
  start.has_body = call.method() != "HEAD";
  static_cast<void>(
      co_await exchange.send_head(start, start.has_body ? std::string_view{body} : std::string_view{}, true));
}

/// Anthropic's SDKs list models at the same path and say so with a field.
llm::Api list_api_of(const Call& call) {
  const bool is_anthropic = std::ranges::any_of(
      call.head->fields, [](const http::Field& field) { return egress::same_field(field.name, "anthropic-version"); });
  return is_anthropic ? llm::Api::anthropic_messages : llm::Api::openai_chat;
}

std::int64_t now_in_seconds() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()).time_since_epoch().count();
}

std::vector<llm::ModelEntry> entries(const model::Project& project) {
  std::vector<llm::ModelEntry> all;
  for (const auto& route : model::known_models(project)) all.push_back({route.model, route.provider->name});
  return all;
}

}  // namespace

http::Task<void> answer_about_models(Engine& engine, Call& call, Exchange& exchange) {
  const auto& endpoint = call.inference->endpoint;
  const auto& project = call.snapshot->evaluator.project();
  if (endpoint.kind == Endpoint::Kind::model) {
    const auto routes = model::routes_to(project, endpoint.model);
    if (routes.empty()) {
      auto refusal = refuse_request(model::RefusalCode::model_not_found,
                                    {.status = 404,
                                     .message = "the model \"" + endpoint.model + "\" does not exist",
                                     .code = "model_not_found",
                                     .field = "model"});
      co_await answer_refusal(engine, call, exchange, std::move(refusal.error()));
      co_return;
    }
    engine.recorder.forget(call);
    co_await send(
        call, exchange,
        llm::model_body(list_api_of(call), {endpoint.model, routes.front().provider->name}, now_in_seconds()));
    co_return;
  }
  engine.recorder.forget(call);
  co_await send(call, exchange,
                endpoint.kind == Endpoint::Kind::health
                    ? std::string{R"({"status":"ok"})"} + "\n"
                    : llm::models_body(list_api_of(call), entries(project), now_in_seconds()));
}

http::Task<void> answer_token_count(Engine& engine, Call& call, Exchange& exchange) {
  call.status = 200;
  auto body = llm::count_tokens_body(*call.inference->request);
  call.bytes_out = body.size();
  settle(engine, call, false);
  if (!engine.recorder.record(call, nullptr)) {
    co_await answer_refusal(engine, call, exchange,
                            egress::refuse(model::RefusalCode::internal, "the call could not be recorded").error());
    co_return;
  }
  co_await send(call, exchange, std::move(body));
}

}  // namespace runagents::gateway
