#include "server/mcp/upstream_address.hpp"

#include "core/model/tool.hpp"
#include "core/policy/target.hpp"

namespace runagents::server {

std::string UpstreamAddress::origin() const { return (tls ? "https://" : "http://") + authority + "\n" + ca_file; }

Result<UpstreamAddress> upstream_address(std::string_view url, std::string ca_file) {
  auto parsed = policy::parse_target(url);
  if (!parsed) return fail(ErrorCode::configuration, "the server's URL cannot be called: " + parsed.error().message);
  const model::BaseUrl base{
      .scheme = parsed->scheme, .host = parsed->authority.host, .port = parsed->authority.port, .path = {}};
  UpstreamAddress address;
  address.tls = parsed->scheme == "https";
  address.host = base.host;
  address.port = base.port;
  address.authority = base.authority();
  address.target = parsed->path;
  if (parsed->has_query) address.target.append("?").append(parsed->query);
  address.ca_file = std::move(ca_file);
  return address;
}

}  // namespace runagents::server
