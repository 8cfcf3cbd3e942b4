#pragma once

#include "core/config/section.hpp"
#include "core/model/provider.hpp"

namespace runagents::config {

/// `prices` of a provider: dollars for a million tokens, by model.
void read_prices(const Value& table, model::Provider& provider);
void list_price_keys(const std::string& prefix, Names& names);

/// Fills in what the file leaves to the provider's type: where it is, how its secret is presented, and the path that
/// requests are relative to.
///
/// | type | base URL | path | secret |
/// |---|---|---|---|
/// | openai | https://api.openai.com | as in the file; `/v1` when it has none | bearer |
/// | azure_openai | from the file | the resource: without `/openai` | header `api-key` |
/// | anthropic | https://api.anthropic.com | without `/v1` | header `x-api-key` |
/// | bedrock | https://bedrock-runtime.REGION.amazonaws.com | as in the file | AWS signature |
/// | ollama | http://127.0.0.1:11434 | without `/v1` and `/api` | bearer |
/// | playground | builtin://playground | `/v1` | none |
void complete(model::Provider& provider);

}  // namespace runagents::config
