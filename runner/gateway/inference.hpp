#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.hpp"
#include "core/llm/request.hpp"
#include "core/llm/translate.hpp"
#include "core/llm/usage.hpp"
#include "core/model/model_spending.hpp"
#include "core/model/routing.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/gateway/endpoint.hpp"

namespace runagents::gateway {

/// What is kept of the bodies of one call, for its event.
struct KeptBodies {
  static constexpr std::size_t max_bytes = std::size_t{64} * 1024;  ///< of each
  bool are_expected = false;                                        ///< the journal has room for them
  std::string response;                                             ///< its beginning, as the agent got it
  std::string response_type;

  /// One byte more than is shown, so that it shows that something was cut off.
  void add(std::string_view piece) { response.append(piece.substr(0, max_bytes + 1 - response.size())); }
};

/// What an agent asks of a model, and who answers: the gateway's part of a call. The project outlives it.
class Inference {
 public:
  explicit Inference(llm::Api error_api) { endpoint.api = error_api; }

  Endpoint endpoint;                          ///< `api` also says how a refusal is told
  std::optional<llm::Request> request;        ///< the agent's body; empty: not read yet, or there is none
  std::vector<model::Route> routes;           ///< whom to ask, in order
  std::optional<llm::AnswerPlan> plan;        ///< how the answer at hand is brought into the agent's form
  llm::Usage usage;                           ///< of the answer at hand
  std::optional<model::PicoDollars> cost;     ///< likewise; empty: not known
  std::optional<model::ModelCharge> charged;  ///< likewise of the month's budgets
  std::optional<egress::Demand> reserved;     ///< taken off limits, until it is known what the answer took
  KeptBodies bodies;
  std::string query;  ///< what stands in the request line for the provider at hand

  /// The provider and model at hand; null before routing.
  [[nodiscard]] const model::Route* route() const noexcept { return at_ < routes.size() ? &routes[at_] : nullptr; }
  /// Whether another one may be asked.
  [[nodiscard]] bool has_next() const noexcept { return at_ + 1 < routes.size(); }
  /// Turns to the next one; what was found of the last is forgotten.
  void turn_to_next();

  /// What the agent asked for, where the model goes by another name.
  [[nodiscard]] std::string_view alias() const noexcept;

  /// Whether a field of the agent's goes to the provider at hand. Credentials never do, nor what says whose account
  /// pays; where the body is translated nothing that belongs to the agent's API does.
  [[nodiscard]] bool passes_on(std::string_view field) const noexcept;
  /// Field lines that the provider at hand needs besides, each ended by CR LF. `fields` are the agent's.
  [[nodiscard]] std::string own_fields(const std::vector<http::Field>& fields) const;

 private:
  std::size_t at_ = 0;
};

}  // namespace runagents::gateway
