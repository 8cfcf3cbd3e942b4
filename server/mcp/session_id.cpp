#include "server/mcp/session_id.hpp"

namespace runagents::server {
namespace {

std::string place(const Admission& admission) { return "mcp_session/" + admission.binding(); }

}  // namespace

Result<std::string> seal_session_id(McpServices& services, const Admission& admission, std::string_view upstream_id) {
  const auto sealer = services.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  return (*sealer)->seal(upstream_id, place(admission));
}

Result<std::string> open_session_id(McpServices& services, const Admission& admission, std::string_view sealed) {
  const auto sealer = services.key.sealer();
  if (!sealer) return std::unexpected(sealer.error());
  auto opened = (*sealer)->open(sealed, place(admission));
  if (!opened) return fail(ErrorCode::not_found, "the session is over or was never there");
  return opened;
}

}  // namespace runagents::server
