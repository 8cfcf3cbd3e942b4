#include "runner/launch/environment.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "core/ascii.hpp"
#include "core/model/routing.hpp"
#include "runner/launch/credential_variables.hpp"

namespace runagents::launch {
namespace {

constexpr std::string_view loopback_only = "127.0.0.1,localhost,::1";

bool is_tool_url(std::string_view name) noexcept {
  return name.starts_with("TOOL_URL_") || (name.starts_with("TOOL_") && name.ends_with("_URL"));
}

bool is_mcp_url(std::string_view name) noexcept { return name.starts_with("MCP_") && name.ends_with("_URL"); }

bool is_gateway_variable(std::string_view name) noexcept {
  return name == "LLM_GATEWAY_URL" || name == "OPENAI_BASE_URL" || name == "ANTHROPIC_BASE_URL" ||
         name.starts_with("LLM_MODEL") || name.starts_with("LLM_PROVIDER");
}

bool is_variable_name(std::string_view name) noexcept {
  return !name.empty() && name.find('=') == name.npos && name.find('\0') == name.npos;
}

/// Credentials that open nothing. AWS's SDKs send no request without some to sign it with; the signature is replaced.
constexpr std::string_view placeholder_key_id = "AKIARUNAGENTS0000000";
constexpr std::string_view placeholder_key = "runagents-placeholder-which-opens-nothing";
constexpr std::string_view placeholder_secret = "placeholder-of-runagents-which-opens-nothing";

std::set<std::string> secret_variables(const model::Project& project, const EnvironmentOptions& options) {
  auto names = referenced_variables(project);
  names.insert(options.hide.begin(), options.hide.end());
  return names;
}

/// Builds one environment; each step adds to `result` or says why it cannot.
class Builder {
 public:
  Builder(const std::map<std::string, std::string>& inherited, const model::Project& project,
          const EnvironmentOptions& options)
      : inherited_{inherited},
        project_{project},
        options_{options},
        referenced_{secret_variables(project, options)},
        secrets_{referenced_values(inherited, referenced_)} {}

  Result<Environment> build(const DoorUrls& doors, std::string_view run_id) {
    for (auto step : {&Builder::check_passed, &Builder::inherit}) {
      if (auto done = (this->*step)(); !done) {
        return std::unexpected(std::move(done.error()));
      }
    }
    if (auto done = inject(doors, run_id); !done) {
      return std::unexpected(std::move(done.error()));
    }
    if (auto done = add_user_variables(); !done) {
      return std::unexpected(std::move(done.error()));
    }
    add_aws_placeholders();
    result_.injected.assign(injected_.begin(), injected_.end());
    return std::move(result_);
  }

 private:
  Result<void> check_passed();
  Result<void> inherit();
  Result<void> inject(const DoorUrls& doors, std::string_view run_id);
  Result<void> inject_tools(const DoorUrls& doors);
  Result<void> inject_models(const std::string& gateway);
  Result<void> set(const std::string& name, std::string_view value);
  Result<void> add_user_variables();
  void add_aws_placeholders();
  bool uses_aws() const;
  std::string aws_region() const;
  Result<void> add(const std::string& name, const std::string& value, std::string_view origin, ErrorCode code);

  const std::map<std::string, std::string>& inherited_;
  const model::Project& project_;
  const EnvironmentOptions& options_;
  std::set<std::string> referenced_;
  std::set<std::string> secrets_;
  std::set<std::string> injected_;
  Environment result_;
};

Result<void> Builder::check_passed() {
  for (const auto& name : options_.pass) {
    const auto found = inherited_.find(name);
    if (referenced_.contains(name)) {
      return fail(ErrorCode::usage, "--pass-env " + name + " would hand the agent a secret that the project injects",
                  "the agent needs no credential: its calls get theirs on the way");
    }
    if (found != inherited_.end() && contains_any(found->second, secrets_)) {
      return fail(ErrorCode::usage, "--pass-env " + name + " holds a secret that the project injects",
                  "the agent needs no credential: its calls get theirs on the way");
    }
  }
  return {};
}

bool Builder::uses_aws() const {
  return std::ranges::any_of(project_.agent.tools, [this](const std::string& name) {
    const auto* tool = project_.tool(name);
    return tool != nullptr && tool->auth.type == model::AuthType::aws_sigv4;
  });
}

Result<void> Builder::inherit() {
  const bool hides_profile = uses_aws();
  const bool is_nested = inherited_.contains("RUNAGENTS_RUN_ID");
  for (const auto& [name, value] : inherited_) {
    const bool secret = referenced_.contains(name) || contains_any(value, secrets_);
    const bool credential = is_credential(name, value) && !options_.pass.contains(name);
    const bool profile = hides_profile && (name == "AWS_PROFILE" || name == "AWS_DEFAULT_PROFILE");
    // Doors of another run around this one are no doors of this run.
    const bool door = is_tool_url(name) || (is_nested && (is_mcp_url(name) || is_gateway_variable(name)));
    if (secret || credential || door || (profile && !options_.pass.contains(name))) {
      result_.removed.push_back(name);
    } else {
      result_.variables.emplace(name, value);
    }
  }
  return {};
}

Result<void> Builder::set(const std::string& name, std::string_view value) {
  if (!injected_.insert(name).second) {
    return fail(ErrorCode::configuration, "two tools of the project both lead to the variable " + name,
                "rename one of them: in variables every character but A-Z and 0-9 becomes _");
  }
  if (options_.pass.contains(name)) {
    return fail(ErrorCode::usage, "--pass-env " + name + " cannot work: runagents sets this variable itself");
  }
  result_.variables.insert_or_assign(name, std::string{value});
  std::erase(result_.removed, name);
  return {};
}

Result<void> Builder::inject_tools(const DoorUrls& doors) {
  std::string names;
  for (const auto& [tool, url] : doors.tools) {
    const std::string variable = variable_name(tool->name);
    if (auto done = set("TOOL_" + variable + "_URL", url); !done) {
      return done;
    }
    // A tool named "url" has the same name in both spellings.
    if (const std::string other = "TOOL_URL_" + variable; other != "TOOL_" + variable + "_URL") {
      if (auto done = set(other, url); !done) {
        return done;
      }
    }
    if (tool->kind == model::ToolKind::mcp) {
      if (auto done = set("MCP_" + variable + "_URL", url); !done) {
        return done;
      }
    }
    names += (names.empty() ? "" : ",") + tool->name;
  }
  return set("TOOL_NAMES", names);
}

/// Where models are asked, by the names that SDKs read by themselves as well.
Result<void> Builder::inject_models(const std::string& gateway) {
  std::vector<std::pair<std::string, std::string>> wanted{{"LLM_GATEWAY_URL", gateway + "/v1"},
                                                          {"OPENAI_BASE_URL", gateway + "/v1"},
                                                          {"OPENAI_API_KEY", std::string{placeholder_key}},
                                                          {"ANTHROPIC_BASE_URL", gateway},
                                                          {"ANTHROPIC_API_KEY", std::string{placeholder_key}}};
  const auto add_role = [&wanted](const std::string& suffix, const model::Model& role) {
    wanted.emplace_back("LLM_MODEL" + suffix, role.model);
    wanted.emplace_back("LLM_PROVIDER" + suffix, role.provider);
  };
  if (const auto* role = model::default_role(project_)) {
    add_role("", *role);
    if (role->role != "default") add_role("_DEFAULT", *role);
  }
  for (const auto& role : project_.models) add_role("_" + variable_name(role.role), role);
  for (const auto& [name, value] : wanted) {
    if (auto done = set(name, value); !done) return done;
  }
  return {};
}

Result<void> Builder::inject(const DoorUrls& doors, std::string_view run_id) {
  auto done = inject_tools(doors);
  if (done && !doors.gateway.empty()) done = inject_models(doors.gateway);
  const auto also = [&](const std::string& name, std::string_view value) {
    if (done) {
      done = set(name, value);
    }
  };
  also("TOOL_DEFINITIONS_JSON", tool_definitions_json(project_));
  also("TOOL_ROUTES_JSON", tool_routes_json(project_));
  also("MCP_SERVERS_JSON", mcp_servers_json(doors));
  also("SYSTEM_PROMPT", project_.agent.system_prompt);
  also("AGENT_NAME", project_.agent.name);
  also("RUNAGENTS_RUN_ID", run_id);
  if (!doors.agent_port.empty()) also("PORT", doors.agent_port);
  for (const std::string name : {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}) {
    also(name, doors.forward_proxy);
    also(lowered(name), doors.forward_proxy);
  }
  also("NO_PROXY", loopback_only);
  also("no_proxy", loopback_only);
  also("NODE_USE_ENV_PROXY", "1");
  for (const auto& [name, value] : doors.fence) {
    also(name, value);
  }
  return done;
}

std::string Builder::aws_region() const {
  std::set<std::string> regions;
  for (const auto& name : project_.agent.tools) {
    const auto* tool = project_.tool(name);
    if (tool != nullptr && tool->auth.type == model::AuthType::aws_sigv4) regions.insert(tool->auth.region);
  }
  return regions.size() == 1 ? *regions.begin() : std::string{};
}

/// Only what nobody has set. A profile would be looked for in files that the agent does not have.
void Builder::add_aws_placeholders() {
  if (!uses_aws()) return;
  const auto is_set = [this](const std::string& name) { return result_.variables.contains(name); };
  const auto add_default = [this](const std::string& name, std::string_view value) {
    result_.variables.emplace(name, value);
    injected_.insert(name);
    std::erase(result_.removed, name);
  };
  const bool has_keys = is_set("AWS_ACCESS_KEY_ID") || is_set("AWS_SECRET_ACCESS_KEY");
  if (!has_keys && !is_set("AWS_PROFILE")) {
    add_default("AWS_ACCESS_KEY_ID", placeholder_key_id);
    add_default("AWS_SECRET_ACCESS_KEY", placeholder_secret);
  }
  const auto region = aws_region();
  if (region.empty()) return;
  for (const auto* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (!is_set(name)) add_default(name, region);
  }
}

Result<void> Builder::add(const std::string& name, const std::string& value, std::string_view origin, ErrorCode code) {
  const std::string where = std::string{origin} + " " + name;
  if (!is_variable_name(name) || value.find('\0') != value.npos) {
    return fail(code, where + " is no variable that a process can have");
  }
  if (injected_.contains(name)) {
    return fail(code, where + " would replace a variable that runagents sets itself", "choose another name");
  }
  if (contains_any(value, secrets_)) {
    return fail(code, where + " would hand the agent a secret that the project injects",
                "the agent needs no credential: its calls get theirs on the way");
  }
  result_.variables.insert_or_assign(name, value);
  std::erase(result_.removed, name);
  return {};
}

Result<void> Builder::add_user_variables() {
  for (const auto& [name, value] : project_.agent.environment) {
    if (auto done = add(name, value, "[agent.env]", ErrorCode::configuration); !done) {
      return done;
    }
  }
  for (const auto& [name, value] : options_.add) {
    if (auto done = add(name, value, "--env", ErrorCode::usage); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace

void DoorUrls::add(const model::Tool& tool, const std::string& authority) {
  const std::string_view scheme = tool.kind == model::ToolKind::tcp ? "tcp://" : "http://";
  tools.emplace_back(&tool, std::string{scheme} + authority + tool.base_url.path);
}

std::vector<std::string> Environment::entries() const {
  std::vector<std::string> entries;
  entries.reserve(variables.size());
  for (const auto& [name, value] : variables) {
    entries.emplace_back(name).append("=").append(value);
  }
  return entries;
}

Result<Environment> build_environment(const std::map<std::string, std::string>& inherited,
                                      const model::Project& project, const DoorUrls& doors, std::string_view run_id,
                                      const EnvironmentOptions& options) {
  return Builder{inherited, project, options}.build(doors, run_id);
}

std::string variable_name(std::string_view tool_name) {
  std::string name{tool_name};
  for (char& c : name) {
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool stays = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (is_lower) {
      c = static_cast<char>(c - 32);
    } else if (!stays) {
      c = '_';
    }
  }
  return name;
}

}  // namespace runagents::launch
