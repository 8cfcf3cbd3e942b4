#include <algorithm>
#include <array>

#include "core/auth/aws_sources.hpp"
#include "core/config/file_content.hpp"
#include "core/policy/target.hpp"

namespace runagents::auth {
namespace {

constexpr std::string_view relative_uri = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
constexpr std::string_view full_uri = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
constexpr std::size_t max_token_bytes = std::size_t{64} << 10U;

/// The endpoints of ECS and EKS, to which http is good enough, and so is it to this machine.
bool may_be_asked(const policy::Target& target) {
  constexpr std::array<std::string_view, 3> endpoints = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  const auto& host = target.authority.host;
  return target.scheme == "https" || std::ranges::find(endpoints, host) != endpoints.end() || host == "localhost" ||
         host == "::1" || host.starts_with("127.");
}

Result<std::string> authorization(const AwsSettings& settings) {
  std::string token{settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN")};
  if (const auto path = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !path.empty()) {
    const auto file = config::OpenFile::open(settings.path(path));
    if (!file) return std::unexpected(file.error());
    auto text = file->read(max_token_bytes);
    if (!text) return text;
    token = std::move(*text);
  }
  token.erase(token.find_last_not_of(" \t\r\n") + 1);
  if (token.find_first_of("\r\n") != token.npos) {
    return fail(ErrorCode::configuration, "the container's authorization token holds a line break");
  }
  return token;
}

}  // namespace

bool has_container_endpoint(const AwsSettings& settings) {
  return !settings.variable(std::string{relative_uri}).empty() || !settings.variable(std::string{full_uri}).empty();
}

Result<AwsCredentials> aws_credentials_of_container(const AwsSettings& settings) {
  http::FetchRequest request;
  request.without_proxy = true;
  const auto relative = settings.variable(std::string{relative_uri});
  request.url = relative.empty() ? std::string{settings.variable(std::string{full_uri})}
                                 : "http://169.254.170.2" + std::string{relative};
  const auto target = policy::parse_target(request.url);
  if (!target || !may_be_asked(*target)) {
    return fail(ErrorCode::configuration,
                std::string{full_uri} + " names a host that is not asked for credentials over http",
                "use https, an address of this machine, or 169.254.170.2, 169.254.170.23 and [fd00:ec2::23]");
  }
  const auto token = authorization(settings);
  if (!token) return std::unexpected(token.error());
  if (!token->empty()) request.fields.emplace_back("Authorization", *token);
  const auto response = settings.fetch(request);
  if (!response) return std::unexpected(response.error());
  if (response->status != 200) {
    return fail(ErrorCode::unavailable,
                "the container's endpoint for credentials answers " + std::to_string(response->status));
  }
  return aws_credentials_from_json(response->body, "container");
}

}  // namespace runagents::auth
