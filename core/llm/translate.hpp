#pragma once

#include <expected>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/llm/api.hpp"
#include "core/llm/problem.hpp"
#include "core/llm/request.hpp"

namespace runagents::llm {

/// To whom a request goes.
struct Upstream {
  Api api = Api::openai_chat;
  std::string model;  ///< as the provider names it
  /// Speaks OpenAI's API without being OpenAI or Azure: gets the names that all such servers know (max_tokens instead
  /// of max_completion_tokens).
  bool is_compatible = false;
};

/// What is needed to bring the provider's answer into the caller's form. A value, made by `translate_request`.
struct AnswerPlan {
  Api caller = Api::openai_chat;
  Api provider = Api::openai_chat;
  bool stream = false;
  bool wants_usage = false;  ///< the caller's stream ends with usage
  bool usage_added = false;  ///< native stream: the gateway asked for the usage, the caller must not see its chunk
  std::string model;         ///< as sent to the provider, for answers that name none
  bool encrypted_reasoning = false;  ///< Responses: reasoning comes with what brings it back in the next request
  bool base64_embeddings = false;    ///< embeddings: as base64 instead of numbers
  std::shared_ptr<const nlohmann::ordered_json> echo;  ///< what a Responses object repeats of its request; or null

  /// Nothing is translated: bytes pass, only usage is read (and its chunk withheld where `usage_added`).
  [[nodiscard]] bool is_native() const noexcept { return caller == provider; }
};

struct UpstreamRequest {
  std::string body;  ///< JSON
  AnswerPlan plan;
  /// Fields that were left out because they are hints: they change neither the answer nor what is kept, as marks for
  /// caches do, names for the detection of abuse, and reasoning of earlier turns that no longer counts. For the record.
  std::vector<std::string> left_out;
};

/// Whether requests of `caller` can go to a provider that speaks `provider` at all.
[[nodiscard]] bool can_translate(Api caller, Api provider) noexcept;

/// The body for the provider. Where both speak the same API, the caller's bytes but for the model's name and, in
/// streams of OpenAI's chat, `stream_options.include_usage`. Otherwise a translation that keeps the meaning; a field
/// that the provider has nothing for, or that is not known here, is a 400 that names it. With Bedrock the model is in
/// the URL; `plan.stream` chooses between converse and converse-stream. anthropic_count_tokens goes to
/// anthropic_count_tokens only.
[[nodiscard]] std::expected<UpstreamRequest, Problem> translate_request(const Request& request,
                                                                        const Upstream& upstream);

}  // namespace runagents::llm
