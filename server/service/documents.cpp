#include "server/service/documents.hpp"

#include <utility>

#include "core/api/members.hpp"
#include "core/config/words.hpp"
#include "server/service/shape.hpp"

namespace runagents::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* document_shape = R"({
  "id": "text", "name": "text", "namespace": "text", "labels": {"*": "text"}, "spec": {"*": "any"}, "status": {"*": "any"},
  "version": "count", "created_by": "text", "created_at": "text", "updated_at": "text"})";

Result<Document> read(Resource resource) {
  auto content = Json::parse(resource.document, nullptr, false);
  if (!content.is_object()) return fail(ErrorCode::internal, "a document in the store is not JSON");
  return Document{std::move(resource), std::move(content)};
}

Result<std::string> name_in(const Json& document, const std::string& path_name) {
  std::string name;
  api::Members{document}.text("name", name);
  if (!name.empty() && !path_name.empty() && name != path_name) {
    return fail(ErrorCode::usage, "the name in the body is another one than in the path");
  }
  if (name.empty()) name = path_name;
  if (config::is_name(name)) return name;
  return fail(ErrorCode::usage, "\"name\" is missing or no name",
              R"(use up to 63 lower-case letters, digits, "-", "_" and ".")");
}

}  // namespace

const DocumentKind agents_kind{{"agent", "agent"}, R"({
  "image": "text", "systemPrompt": "text", "requiredTools": [{"name": "text"}],
  "llmConfig": {"provider": "text", "model": "text"}, "entryPoint": "text", "env": [{"name": "text", "value": "text"}]})"};

const DocumentKind tools_kind{{"tool", "tool"}, R"({
  "description": "text",
  "connection": {
    "topology": "External|Internal", "baseUrl": "url", "port": "port", "scheme": "HTTPS|HTTP",
    "tls": {"insecureSkipVerify": "flag", "serverName": "text"},
    "authentication": {
      "type": "None|APIKey|OAuth2",
      "apiKeyConfig": {"in": "Header|Query", "name": "text", "valuePrefix": "text", "secretRef": {"name": "text"}},
      "oauth2Config": {"authUrl": "url", "tokenUrl": "url", "scopes": ["text"], "authParams": {"*": "text"},
                       "credentialsSecretRef": {"name": "text", "namespace": "text"}}}},
  "capabilities": [{"name": "text", "method": "text", "path": "text", "description": "text", "riskTags": ["text"]}],
  "riskTags": ["text"],
  "governance": {
    "accessControl": {"mode": "Open|Restricted|Critical", "requireApproval": "flag"},
    "approval": {"group": "text", "defaultDuration": "text", "autoExpire": "flag"},
    "caching": {"enabled": "flag", "duration": "text"}}})"};

const DocumentKind model_providers_kind{{"model_provider", "model provider"}, R"({
  "provider": "openai|anthropic|bedrock|ollama", "endpoint": "url", "models": ["text"],
  "auth": {
    "type": "None|APIKey|AWSSignature|OAuth2",
    "apiKeyConfig": {"in": "Header|Query", "name": "text", "valuePrefix": "text", "secretRef": {"name": "text"}},
    "awsConfig": {"region": "text", "credentialsSecretRef": {"name": "text", "namespace": "text"}},
    "oauth2Config": {"authUrl": "url", "tokenUrl": "url", "scopes": ["text"], "authParams": {"*": "text"},
                     "credentialsSecretRef": {"name": "text", "namespace": "text"}}},
  "rateLimit": {"requestsPerMinute": "count"}})"};

Result<Documents::Put> Documents::put(const Actor& actor, const Json& document, const std::string& name) {
  static const Json outer = Json::parse(document_shape);
  if (auto fit = check_shape(document, outer, "document"); !fit) return std::unexpected(std::move(fit.error()));
  const auto chosen = name_in(document, name);
  if (!chosen) return std::unexpected(chosen.error());
  const auto spec = document.find("spec");
  if (spec == document.end() || !spec->is_object()) return fail(ErrorCode::usage, "\"spec\" is missing");
  if (auto fit = check_shape(*spec, shape_, "spec"); !fit) return std::unexpected(std::move(fit.error()));
  Json content = {{"labels", document.value("labels", Json::object())}, {"spec", *spec}};
  if (!content["labels"].is_object()) content["labels"] = Json::object();
  auto put = resources_.put(actor, *chosen, content.dump());
  if (!put) return std::unexpected(std::move(put.error()));
  return Put{{std::move(put->resource), std::move(content)}, put->change == Resources::Change::created};
}

Result<Document> Documents::get(std::string_view name_or_id) {
  auto found = resources_.get(name_or_id);
  if (!found) return std::unexpected(std::move(found.error()));
  return read(*std::move(found));
}

Result<std::vector<Document>> Documents::list() {
  auto found = resources_.list();
  if (!found) return std::unexpected(std::move(found.error()));
  std::vector<Document> all;
  all.reserve(found->size());
  for (auto& resource : *found) {
    auto one = read(std::move(resource));
    if (!one) return std::unexpected(std::move(one.error()));
    all.push_back(*std::move(one));
  }
  return all;
}

Result<void> Documents::remove(const Actor& actor, std::string_view name_or_id) {
  return resources_.remove(actor, name_or_id);
}

}  // namespace runagents::server
