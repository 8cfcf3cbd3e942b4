#include "core/llm/sealed_reasoning.hpp"

namespace runagents::llm {
namespace {

constexpr std::string_view signed_prefix = "runagents:signature:";
constexpr std::string_view redacted_prefix = "runagents:redacted:";

}  // namespace

std::string seal_reasoning(const Reasoning& reasoning) {
  return reasoning.redacted.empty() ? std::string{signed_prefix}.append(reasoning.signature)
                                    : std::string{redacted_prefix}.append(reasoning.redacted);
}

std::optional<Reasoning> unseal_reasoning(std::string_view sealed) {
  Reasoning reasoning;
  if (sealed.starts_with(signed_prefix)) {
    reasoning.signature = sealed.substr(signed_prefix.size());
  } else if (sealed.starts_with(redacted_prefix)) {
    reasoning.redacted = sealed.substr(redacted_prefix.size());
  } else {
    return std::nullopt;
  }
  return reasoning;
}

}  // namespace runagents::llm
