#include "core/llm/embeddings.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <utility>

#include "core/auth/base64.hpp"
#include "core/auth/strict_json.hpp"
#include "core/llm/reading.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t max_answer_depth = 16;

bool is_vector(const Json& value) {
  return value.is_array() && std::ranges::all_of(value, [](const Json& number) { return number.is_number(); });
}

std::string packed(const Json& vector) {
  std::string bytes;
  bytes.reserve(vector.size() * sizeof(float));
  for (const auto& number : vector) {
    const auto bits = std::bit_cast<std::uint32_t>(number.get<float>());
    for (unsigned shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(bits >> shift & 0xffU);
  }
  return bytes;
}

}  // namespace

EmbeddingRequest read_embeddings(const Request& request, Findings& findings) {
  EmbeddingRequest read;
  Members body{*request.json, {}, findings};
  body.take("model");
  const auto* input = body.take("input");
  if (input == nullptr || (input->is_array() && input->empty())) {
    findings.refuse_invalid("input", "must be a text or a list with a text");
  } else if (input->is_array() && (input->front().is_number() || input->front().is_array())) {
    findings.refuse_unsupported("input", "can only be text with this provider, not tokens");
  } else {
    read.inputs = texts(*input, "input", findings);
  }
  if (const auto format = body.text("encoding_format")) {
    read.as_base64 = *format == "base64";
    if (!read.as_base64 && *format != "float") {
      findings.refuse_invalid("encoding_format", "must be \"float\" or \"base64\"");
    }
  }
  if (body.count("dimensions")) read.dimensions = body.setting("dimensions");
  read.user = body.setting("user");
  body.refuse_rest();
  return read;
}

Json write_ollama_embed(const EmbeddingRequest& request, std::string_view model, Findings& findings) {
  Json body = {{"model", model}, {"input", request.inputs}, {"truncate", false}};
  if (request.dimensions) body["dimensions"] = *request.dimensions.value;
  if (request.user) findings.leave_out(request.user.field);
  return body;
}

std::string embeddings_body(const Json& vectors, std::string_view model, const Usage& usage, bool as_base64) {
  auto data = Json::array();
  for (const auto& vector : vectors) {
    data.push_back({{"object", "embedding"},
                    {"index", data.size()},
                    {"embedding", as_base64 ? Json(auth::base64(packed(vector))) : vector}});
  }
  const Json body = {{"object", "list"},
                     {"data", std::move(data)},
                     {"model", model},
                     {"usage", {{"prompt_tokens", usage.input_tokens}, {"total_tokens", usage.input_tokens}}}};
  return body.dump();
}

std::expected<std::string, Problem> translate_embeddings(std::string_view body, std::string_view model, bool as_base64,
                                                         Usage& usage) {
  const auto answer = auth::read_strict_ordered_json(body, {.max_depth = max_answer_depth});
  const auto vectors = answer ? answer->find("embeddings") : Json::const_iterator{};
  if (!answer || vectors == answer->end() || !vectors->is_array() || !std::ranges::all_of(*vectors, is_vector)) {
    return std::unexpected(Problem{
        .status = 502, .message = "the provider's answer has no embeddings", .code = "upstream_protocol", .field = {}});
  }
  if (const auto count = answer->find("prompt_eval_count"); count != answer->end() && count->is_number_unsigned()) {
    usage.input_tokens = count->get<std::uint64_t>();
    usage.is_known = true;
  }
  return embeddings_body(*vectors, model, usage, as_base64);
}

}  // namespace runagents::llm
