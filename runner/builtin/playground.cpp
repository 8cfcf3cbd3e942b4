#include "core/llm/playground.hpp"

#include <chrono>
#include <utility>

#include "runner/builtin/answer.hpp"
#include "runner/egress/request_id.hpp"
#include "runner/gateway/endpoint.hpp"

namespace runagents::builtin {
namespace {

Answer refuse(llm::Api api, const llm::Problem& problem) {
  Answer answer;
  answer.status = problem.status;
  answer.pieces.push_back(llm::problem_body(api, problem));
  return answer;
}

llm::PlaygroundHead new_head() {
  llm::PlaygroundHead head;
  egress::RequestIds{}.next(head.id);
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  head.created = now.time_since_epoch().count();
  return head;
}

}  // namespace

Answer playground(const http::RequestHead& head, std::string body) {
  const auto endpoint = gateway::endpoint_of(head.method, head.target);
  if (!endpoint || endpoint->kind != gateway::Endpoint::Kind::model_call) {
    return refuse(gateway::error_api_of(head.target),
                  {.status = 404, .message = "the playground has no such endpoint", .code = "not_found", .field = {}});
  }
  const auto request = llm::read_request(endpoint->api, std::move(body));
  if (!request) return refuse(endpoint->api, request.error());
  auto given = llm::playground_answer(*request, new_head());
  if (!given) return refuse(endpoint->api, given.error());
  return {.status = 200, .content_type = std::move(given->content_type), .pieces = std::move(given->pieces)};
}

}  // namespace runagents::builtin
