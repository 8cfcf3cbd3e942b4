#include "cli/approvals/approval_words.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "cli/output/text.hpp"
#include "runner/egress/grpc.hpp"

namespace runagents::cli {
namespace {

using model::ApprovalRequest;

enum class Kind { http, grpc, mcp_tool, mcp_other, model };

/// Methods of HTTP are written in capitals. Other ones are of MCP, which has families of them, or names of models.
Kind kind_of(const ApprovalRequest& request) {
  constexpr std::array families = {"resources/", "prompts/", "completion/", "logging/", "tools/", "tasks/"};
  const auto& method = request.action.method;
  if (method == "tools/call") return Kind::mcp_tool;
  if (std::ranges::any_of(families, [&](const char* family) { return method.starts_with(family); })) {
    return Kind::mcp_other;
  }
  const bool is_http = std::ranges::none_of(method, [](char c) { return c >= 'a' && c <= 'z'; });
  if (!is_http && method == request.action.capability) return Kind::model;
  return egress::is_grpc_type(request.content_type) ? Kind::grpc : Kind::http;
}

std::size_t path_start(std::string_view url) {
  const auto scheme = url.find("://");
  return std::min(url.find('/', scheme == std::string_view::npos ? 0 : scheme + 3), url.size());
}

std::string_view path_of(std::string_view url) {
  const auto path = url.substr(path_start(url));
  return path.empty() ? "/" : path;
}

bool is_binary(const ApprovalRequest& request) { return request.body_preview.starts_with("(binary, "); }

}  // namespace

std::string call_of(const ApprovalRequest& request) {
  const auto& action = request.action;
  switch (kind_of(request)) {
    case Kind::mcp_tool:
      return fmt::format("MCP tool {} of {} at {}", action.capability, action.tool, action.url);
    case Kind::mcp_other:
      return fmt::format("MCP {} of {} at {}", action.method, action.tool, action.url);
    case Kind::model:
      return fmt::format("model {} of {} at {}", action.method, action.tool, action.url);
    case Kind::grpc:
      return fmt::format("gRPC {} at {}", path_of(action.url).substr(1), action.url.substr(0, path_start(action.url)));
    case Kind::http:
      break;
  }
  return action.method + " " + action.url;
}

std::string short_call_of(const ApprovalRequest& request) {
  const auto& action = request.action;
  switch (kind_of(request)) {
    case Kind::mcp_tool:
      return "MCP " + action.capability;
    case Kind::mcp_other:
      return "MCP " + action.method;
    case Kind::model:
      return "model " + action.method;
    case Kind::grpc:
      return fmt::format("gRPC {}", path_of(action.url).substr(1));
    case Kind::http:
      break;
  }
  return fmt::format("{} {}", action.method, path_of(action.url));
}

std::string meaning_of(model::Scope scope, const ApprovalRequest& request) {
  const auto& action = request.action;
  const auto any = fmt::format("every call of {} to {}", action.agent, action.tool);
  switch (scope) {
    case model::Scope::once:
      return "this call, one time, as it is shown here; with another body it is asked for again";
    case model::Scope::run:
      return fmt::format("{}, with any body and for any user, until run {} is over",
                         action.capability.empty()
                             ? any
                             : fmt::format("every {} of {} by {}", action.capability, action.tool, action.agent),
                         request.run_id);
    case model::Scope::window:
      break;
  }
  return fmt::format("{}{}, for {}, in every run, for the next {}", any,
                     action.capability.empty() ? "" : fmt::format(" (not only {})", action.capability),
                     action.end_user.empty() ? "nobody" : action.end_user, output::duration(request.default_duration));
}

std::string for_whom(const ApprovalRequest& request) {
  return request.action.end_user.empty() ? "nobody (no end user)" : request.action.end_user;
}

std::string body_in_words(const ApprovalRequest& request) {
  if (request.body_bytes == 0) return "no body";
  auto text = output::bytes(request.body_bytes);
  if (!request.content_type.empty()) text += " of " + request.content_type;
  if (is_binary(request)) text += ", not text";
  return text;
}

std::string body_digest(const ApprovalRequest& request) {
  const auto kind = kind_of(request);
  const bool is_mcp = kind == Kind::mcp_tool || kind == Kind::mcp_other;
  return is_mcp || request.body_bytes == 0 ? std::string{} : request.action.body_sha256;
}

bool has_readable_body(const ApprovalRequest& request) { return !request.body_preview.empty() && !is_binary(request); }

std::string time_left(const ApprovalRequest& request, model::Time now) {
  const auto left = std::chrono::floor<std::chrono::seconds>(request.expires_at - now);
  if (left.count() <= 0) return "no time";
  return left < std::chrono::minutes{1} ? fmt::format("{} s", left.count()) : output::duration(left);
}

}  // namespace runagents::cli
