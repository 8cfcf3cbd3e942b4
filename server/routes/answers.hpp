#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/approval_json.hpp"
#include "core/api/consent_json.hpp"
#include "core/api/run_json.hpp"
#include "core/error.hpp"
#include "server/routes/router.hpp"

namespace runagents::server {

/// For .cpp files of routes. Texts that are no UTF-8 get replacement characters.
[[nodiscard]] inline Outgoing json_answer(const nlohmann::ordered_json& json, int status = 200) {
  return {status, json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)};
}

template <class Value>
[[nodiscard]] Result<Outgoing> object_answer(const Result<Value>& value, int status = 200) {
  if (!value) return std::unexpected(value.error());
  return json_answer(api::to_json(*value), status);
}

template <class Value>
[[nodiscard]] Result<Outgoing> list_answer(const char* name, const Result<std::vector<Value>>& values) {
  if (!values) return std::unexpected(values.error());
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Value& value : *values) list.push_back(api::to_json(value));
  return json_answer({{name, std::move(list)}});
}

}  // namespace runagents::server
