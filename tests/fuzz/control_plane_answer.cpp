// Objects that come from a control plane: whatever is taken for one is written and read again as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "core/api/agent_account_json.hpp"
#include "core/api/approval_json.hpp"
#include "core/api/audit_json.hpp"
#include "core/api/consent_json.hpp"
#include "core/api/identity_provider_json.hpp"
#include "core/api/mcp_server_json.hpp"
#include "core/api/model_spending_json.hpp"
#include "core/api/model_usage_json.hpp"
#include "core/api/run_json.hpp"
#include "core/api/secret_json.hpp"
#include "core/api/user_json.hpp"

namespace {

using Json = nlohmann::ordered_json;
namespace api = runagents::api;

template <class Object>
void check(const Json& json, runagents::Result<Object> (*read)(const Json&)) {
  const auto object = read(json);
  if (!object) return;
  const auto written = api::to_json(*object);
  const auto again = read(written);
  if (!again || api::to_json(*again) != written) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto json = Json::parse(data, data + size, nullptr, false);
  if (json.is_discarded()) return 0;
  check(json, api::agent_account_from_json);
  check(json, api::delegation_from_json);
  check(json, api::session_grant_from_json);
  check(json, api::approval_request_from_json);
  check(json, api::approval_grant_from_json);
  check(json, api::action_from_json);
  check(json, api::audit_entry_from_json);
  check(json, api::consent_from_json);
  check(json, api::identity_provider_from_json);
  check(json, api::mcp_server_from_json);
  check(json, api::oauth_session_from_json);
  check(json, api::run_from_json);
  check(json, api::stored_secret_from_json);
  check(json, api::user_from_json);
  check(json, api::api_key_from_json);
  (void)api::consent_place_from_json(json);
  (void)api::model_charge_from_json(json);
  (void)api::model_spending_from_json(json);
  (void)api::model_usage_from_json(json);
  return 0;
}
