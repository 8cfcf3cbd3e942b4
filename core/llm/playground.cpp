#include "core/llm/playground.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/ascii.hpp"
#include "core/auth/hash.hpp"
#include "core/llm/answer_sinks.hpp"
#include "core/llm/embeddings.hpp"
#include "core/llm/estimate.hpp"
#include "core/llm/playground_answer.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t max_calls = 1024;
constexpr std::size_t max_kept_bytes = 64U << 20U;
constexpr std::size_t piece_size = 16;  ///< of arguments and of a text without blanks, in bytes
constexpr std::uint64_t default_dimensions = 256;
constexpr std::uint64_t max_dimensions = 4096;

/// Pieces as a model streams them: a word with the blank before it, and not too long.
std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (!text.empty()) {
    auto end = std::min(text.find(' ', 1), std::min(piece_size, text.size()));
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80) ++end;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return pieces;
}

/// Calls get ids that no other answer has.
std::string call_id_of(const AnswerBlock& block, const PlaygroundHead& head) { return block.id + '_' + head.id; }

std::vector<std::string> stream(const AnswerPlan& plan, const WholeAnswer& answer, const PlaygroundHead& head) {
  std::vector<std::string> pieces;
  std::string out;
  const auto sink = make_stream(plan, head.created, max_kept_bytes, out);
  AnswerFlow flow{*sink, head.id, plan.model, max_calls};
  const auto flush = [&] {
    if (!out.empty()) pieces.push_back(std::exchange(out, {}));
  };
  flow.start({}, {});
  for (const auto& block : answer.blocks) {
    const bool is_call = block.kind == AnswerBlock::Kind::call;
    if (is_call) flow.call(call_id_of(block, head), block.name);
    for (const auto piece : split(block.text)) {
      is_call ? flow.arguments(piece) : flow.text(piece);
      flush();
    }
  }
  flow.usage() = answer.ending.usage;
  flow.stop(answer.ending.stop, answer.ending.stop_sequence);
  flow.end();
  flush();
  return pieces;
}

std::expected<PlaygroundAnswer, Problem> chat(const Request& request, const PlaygroundHead& head) {
  Findings findings{Findings::Strictness::lenient};
  const auto conversation = read_conversation(request, findings);
  if (findings.problem()) return std::unexpected(*findings.problem());
  WholeAnswer answer;
  playground_says(conversation, answer);
  auto& usage = answer.ending.usage;
  usage.is_known = true;
  usage.input_tokens = request.estimated_input_tokens;
  for (const auto& block : answer.blocks) usage.output_tokens += estimated_tokens(std::string_view{block.text});
  const AnswerPlan plan{.caller = request.api,
                        .provider = request.api,
                        .stream = request.stream,
                        .wants_usage = request.wants_usage,
                        .model = request.model,
                        .echo = request.json};
  if (request.stream) {
    return PlaygroundAnswer{.content_type = "text/event-stream", .pieces = stream(plan, answer, head), .usage = usage};
  }
  answer.start(head.id, request.model);
  for (auto& block : answer.blocks) {
    if (block.kind == AnswerBlock::Kind::call) block.id = call_id_of(block, head);
  }
  return PlaygroundAnswer{
      .content_type = "application/json", .pieces = {whole_body(plan, answer, head.created)}, .usage = usage};
}

/// Adds a word to a vector: to one number of it, up or down, as the word's digest says.
void add_word(std::vector<double>& vector, std::string_view word, double weight) {
  const auto digest = auth::sha256(word);
  std::size_t place = 0;
  for (std::size_t i = 0; i < 4; ++i) place = place << 8U | digest[i];
  vector[place % vector.size()] += (digest[4] & 1U) != 0 ? weight : -weight;
}

/// Words count, and their beginnings a little, so that "cat" and "cats" are alike.
Json embed(std::string_view text, std::size_t dimensions) {
  std::vector<double> vector(dimensions);
  const auto words = lowered(text);
  const auto is_sign = [](char c) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    return !is_plain && static_cast<unsigned char>(c) < 0x80;
  };
  for (auto at = words.begin(); at != words.end();) {
    at = std::find_if_not(at, words.end(), is_sign);
    const auto end = std::find_if(at, words.end(), is_sign);
    const std::string_view word{at, end};
    if (!word.empty()) add_word(vector, word, 1);
    if (word.size() > 3) add_word(vector, std::string{word.substr(0, 3)} + '*', 0.5);
    at = end;
  }
  double square = 0;
  for (const double number : vector) square += number * number;
  if (square == 0) square = vector.front() = 1;
  auto unit = Json::array();
  for (const double number : vector) unit.push_back(static_cast<float>(number / std::sqrt(square)));
  return unit;
}

/// Tokens count as what they are written as.
std::vector<std::string> inputs_of(const EmbeddingRequest& embeddings, const Json& body) {
  std::vector<std::string> inputs{embeddings.inputs.begin(), embeddings.inputs.end()};
  if (!inputs.empty()) return inputs;
  const auto& tokens = body["input"];
  if (!tokens.front().is_array()) return {tokens.dump()};
  for (const auto& one : tokens) inputs.push_back(one.dump());
  return inputs;
}

std::expected<PlaygroundAnswer, Problem> embeddings(const Request& request) {
  Findings findings{Findings::Strictness::lenient};
  const auto read = read_embeddings(request, findings);
  const auto dimensions = read.dimensions ? read.dimensions.value->get<std::uint64_t>() : default_dimensions;
  if (dimensions == 0 || dimensions > max_dimensions) {
    findings.refuse_invalid("dimensions", "must be from 1 to " + std::to_string(max_dimensions));
  }
  if (findings.problem()) return std::unexpected(*findings.problem());
  auto vectors = Json::array();
  for (const auto& input : inputs_of(read, *request.json)) vectors.push_back(embed(input, dimensions));
  const Usage usage{.input_tokens = request.estimated_input_tokens, .is_known = true};
  return PlaygroundAnswer{.content_type = "application/json",
                          .pieces = {embeddings_body(vectors, request.model, usage, read.as_base64)},
                          .usage = usage};
}

}  // namespace

std::expected<PlaygroundAnswer, Problem> playground_answer(const Request& request, const PlaygroundHead& head) {
  if (request.api == Api::openai_embeddings) return embeddings(request);
  if (request.api != Api::anthropic_count_tokens) return chat(request, head);
  const Usage usage{.input_tokens = request.estimated_input_tokens, .is_known = true};
  return PlaygroundAnswer{.content_type = "application/json", .pieces = {count_tokens_body(request)}, .usage = usage};
}

}  // namespace runagents::llm
