#include "runner/egress/credentials.hpp"

#include "runner/egress/aws_credential.hpp"
#include "runner/egress/static_secret.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using model::AuthType;

/// Verified TLS, this machine, or an explicit "insecure".
bool may_carry_credential(const model::Tool& tool) {
  const auto& base = tool.base_url;
  if (base.scheme == "https" || base.scheme == "builtin" || tool.insecure) return true;
  return base.host == "localhost" || base.host == "::1" || base.host.starts_with("127.");
}

}  // namespace

Credentials::~Credentials() = default;

std::unique_ptr<CredentialSource> Credentials::make_source(const model::Tool& tool) {
  switch (tool.auth.type) {
    case AuthType::api_key:
    case AuthType::basic:
    case AuthType::bearer:
      return std::make_unique<StaticSecret>(secrets_, tool);
    case AuthType::aws_sigv4:
      return aws_ ? std::make_unique<AwsCredential>(secrets_, worker_, aws_, tool) : nullptr;
    case AuthType::oauth2:
      return tokens_.oauth2 == nullptr ? nullptr : std::make_unique<OAuth2Source>(tool, secrets_, *tokens_.oauth2);
    case AuthType::agent_token:
      return tokens_.agent == nullptr ? nullptr : std::make_unique<AgentTokenSource>(tool, *tokens_.agent);
    default:
      return nullptr;
  }
}

bool Credentials::inject_at_once(Call& call) {
  if (call.tool->auth.type == AuthType::none) return true;
  const auto source = sources_.find(call.tool);
  return source != sources_.end() && source->second && may_carry_credential(*call.tool) &&
         source->second->inject_at_once(call);
}

http::Task<Verdict> Credentials::inject(Call& call, Exchange& exchange) {
  const auto& tool = *call.tool;
  if (tool.auth.type == AuthType::none) co_return pass();
  if (!may_carry_credential(tool)) {
    co_return refuse(credential_unavailable, tool.title() + " is reached without TLS, so its credential is not sent",
                     "use an https base_url, or set insecure = true on the tool");
  }
  auto& source = sources_[&tool];
  if (!source) source = make_source(tool);
  if (!source) {
    co_return refuse(credential_unavailable, "credentials of type " + std::string{word(tool.auth.type)} +
                                                 " cannot be injected by this version");
  }
  auto verdict = co_await source->inject(call, exchange);
  co_return verdict;
}

http::Task<bool> Credentials::renew(Call& call, std::string_view challenge) {
  const auto source = sources_.find(call.tool);
  if (source == sources_.end() || !source->second || !call.credential) co_return false;
  if (!source->second->is_to_blame(challenge)) co_return false;
  const bool renewed = co_await source->second->renew(call);
  co_return renewed;
}

void Credentials::join() {
  for (const auto& [tool, source] : sources_) {
    if (source) source->join();
  }
}

}  // namespace runagents::egress
