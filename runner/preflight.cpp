#include "runner/preflight.hpp"

#include "core/auth/aws_settings.hpp"
#include "core/config/control.hpp"
#include "runner/egress/credentials.hpp"
#include "runner/entering.hpp"
#include "runner/fencing.hpp"
#include "runner/running.hpp"

namespace runagents {
namespace {

/// What a call would otherwise be the first to find out.
Result<void> check_aws(const model::Tool& tool) {
  const auto& wanted = tool.auth;
  if (wanted.type != model::AuthType::aws_sigv4 || (wanted.profile.empty() && !wanted.region.empty())) return {};
  const auto settings = auth::load_aws_settings(inherited_environment());
  const auto name = tool.title();
  if (!wanted.profile.empty() && settings.profiles.profile(wanted.profile) == nullptr) {
    return fail(ErrorCode::configuration,
                name + " uses the AWS profile \"" + wanted.profile + "\", which does not exist",
                "aws configure list-profiles shows those that do");
  }
  if (wanted.region.empty() && settings.region(wanted.profile).empty()) {
    return fail(ErrorCode::configuration, "nothing says which AWS region " + name + " is in",
                "set region in its auth, AWS_REGION, or the region of the profile");
  }
  return {};
}

/// Whether the rule may say something of a tool, as far as its tool and its URL pattern tell.
bool may_select(const model::Rule& rule, const model::Tool& tool) {
  if (!rule.tool.empty()) return rule.tool == tool.name;
  if (rule.resource.empty()) return true;
  const auto begin = rule.resource.find("://");
  const auto authority = rule.resource.substr(begin == std::string::npos ? 0 : begin + 3);
  return authority.substr(0, authority.find('/')) == tool.base_url.authority();
}

/// Nobody can tell what is inside a connection that is passed through, so a rule that forbids a part of it forbids
/// nothing.
Result<void> check_passthrough(const model::Tool& tool, const model::Project& project) {
  if (tool.tls != model::Tls::passthrough) return {};
  const auto whole = "https://" + tool.base_url.authority() + "/*";
  for (const auto& policy : project.policies) {
    for (std::size_t i = 0; i < policy.rules.size(); ++i) {
      const auto& rule = policy.rules[i];
      const bool is_partial = !rule.operations.empty() || (!rule.resource.empty() && rule.resource != whole);
      if (rule.permission == model::Permission::allow || !is_partial || !may_select(rule, tool)) continue;
      return fail(ErrorCode::configuration,
                  "rule " + std::to_string(i + 1) + " of the policy \"" + policy.name +
                      "\" cannot be enforced: the TLS of " + tool.title() +
                      " is passed through, and nobody sees methods and paths",
                  "name tools in the rule, or set tls = \"intercept\" on this one");
    }
  }
  return {};
}

/// The listeners do not exist yet; their addresses are shown as what they will look like.
launch::DoorUrls future_doors(const policy::Evaluator& evaluator, const RunOptions& options) {
  launch::DoorUrls doors;
  if (options.ingress) {
    const auto port = agent_port(options, evaluator);
    doors.agent_port = port ? std::to_string(*port) : "PORT";
  }
  if (options.isolation == Isolation::strict) doors.fence = fence_variables(inherited_environment());
  for (const auto* tool : evaluator.tools()) {
    doors.add(*tool, "127.0.0.1:PORT");
  }
  doors.forward_proxy = "http://127.0.0.1:PORT";
  if (!options.project.providers.empty()) doors.gateway = "http://127.0.0.1:PORT";
  return doors;
}

}  // namespace

Result<void> check_supported(const model::Project& project, bool offline) {
  for (const auto& name : project.agent.tools) {
    const auto* tool = project.tool(name);
    if (tool == nullptr) {
      return fail(ErrorCode::configuration, "the agent uses a tool \"" + name + "\" that does not exist");
    }
    if (auto found = offline ? Result<void>{} : check_aws(*tool); !found) return found;
    if (auto enforced = check_passthrough(*tool, project); !enforced) return enforced;
  }
  for (const auto& provider : project.providers) {
    if (offline) break;
    if (auto found = check_aws(provider.upstream); !found) return found;
  }
  return {};
}

Result<void> check_agent_tokens(const model::Project& project, const RunPlanes& planes) {
  for (const auto& name : project.agent.tools) {
    const auto* tool = project.tool(name);
    if (tool == nullptr || tool->auth.type != model::AuthType::agent_token) continue;
    const auto subject = "the tool \"" + name + "\" wants a token of an agent account, ";
    if (!planes.remote) {
      return fail(ErrorCode::configuration, subject + "and the store of this machine issues none",
                  "name the server with --context, or leave the tool out of [agent].tools");
    }
    if (egress::token_resource(tool->base_url, planes.remote->endpoint)) continue;
    return fail(ErrorCode::configuration,
                subject + "and is not at " + planes.remote->endpoint + ", where it would be good for something",
                "its base_url is " + tool->base_url.to_string() +
                    "; tokens of a server are not sent elsewhere: use a proxied server, such as " +
                    planes.remote->endpoint + "/api/v1/proxy/NAME/mcp");
  }
  return {};
}

Result<launch::Environment> future_environment(const RunOptions& options, const policy::Evaluator& evaluator) {
  return launch::build_environment(inherited_environment(), options.project, future_doors(evaluator, options), "RUN_ID",
                                   environment_options(options));
}

Result<void> check_end_user(std::string_view end_user) {
  if (!config::has_control(end_user)) return {};
  return fail(ErrorCode::usage, "the end user's name holds a control character",
              "it becomes the value of a header: pass an id or an address");
}

}  // namespace runagents
