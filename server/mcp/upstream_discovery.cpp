#include "server/mcp/upstream_discovery.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "core/config/address.hpp"
#include "core/config/url.hpp"
#include "core/policy/target.hpp"

namespace runagents::server {
namespace {

using model::ClientAuth;
using nlohmann::json;

std::unexpected<Error> unfit(std::string why) {
  return fail(ErrorCode::bad_outcome, "the MCP server cannot be connected to: " + std::move(why),
              "an admin can register its client id and endpoints", "upstream_discovery");
}

struct Site {
  std::string origin;
  std::string path;  ///< empty: "/"
};

std::optional<Site> site_of(std::string_view url) {
  const auto target = policy::parse_target(url);
  if (!target || target->has_query) return std::nullopt;
  const model::BaseUrl base{
      .scheme = target->scheme, .host = target->authority.host, .port = target->authority.port, .path = {}};
  Site site{.origin = target->scheme + "://" + base.authority(), .path = target->path};
  while (site.path.ends_with('/')) site.path.pop_back();
  return site;
}

/// Tokens and codes go there: TLS, or the same machine.
bool is_trusted_place(std::string_view url) {
  const auto target = policy::parse_target(url);
  return target && !config::leaves_in_clear(target->scheme, target->authority.host) &&
         config::kind_of_host(target->authority.host) != config::HostKind::forbidden;
}

std::string text(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

std::vector<std::string> texts(const json& object, const char* name) {
  std::vector<std::string> out;
  const auto found = object.find(name);
  if (found == object.end() || !found->is_array()) return out;
  for (const auto& one : *found) {
    if (one.is_string()) out.push_back(one.get<std::string>());
  }
  return out;
}

/// A parameter of a Bearer challenge (RFC 9110, section 11.6.1); empty: it is not there.
std::string challenge_parameter(std::string_view challenge, std::string_view name) {
  for (auto at = challenge.find(name); at != std::string_view::npos; at = challenge.find(name, at + 1)) {
    const bool starts = at == 0 || challenge[at - 1] == ' ' || challenge[at - 1] == ',';
    auto value = challenge.substr(at + name.size());
    if (!starts || !value.starts_with("=\"")) continue;
    value.remove_prefix(2);
    return std::string{value.substr(0, value.find('"'))};
  }
  return {};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    if (!word.empty()) words.emplace_back(word);
    text.remove_prefix(std::min(word.size() + 1, text.size()));
  }
  return words;
}

class Discovery {
 public:
  Discovery(const model::McpServer& server, const auth::Fetch& fetch) : server_{server}, fetch_{fetch} {}

  Result<UpstreamMetadata> run() {
    const auto site = site_of(server_.url);
    if (!site) return unfit("its URL has a query");
    if (auto asked = ask_for_challenge(); !asked) return std::unexpected(asked.error());
    if (auto found = find_resource(*site); !found) return std::unexpected(found.error());
    if (issuers_.empty()) issuers_.push_back(site->origin);
    std::string issuer = issuers_.front();
    if (!server_.auth.issuer.empty()) {
      if (std::ranges::find(issuers_, server_.auth.issuer) == issuers_.end() && has_metadata_) {
        return unfit("the registered issuer is not among its authorization servers");
      }
      issuer = server_.auth.issuer;
    }
    auto metadata = find_issuer(issuer);
    if (!metadata) return metadata;
    metadata->resource = resource_.empty() ? server_.url : resource_;
    metadata->scopes = scopes_;
    // What is needed for a refresh token; whoever named no scopes gets what is usual there.
    if (metadata->offers_offline_access && server_.auth.scopes.empty() && !scopes_.empty() &&
        std::ranges::find(scopes_, "offline_access") == scopes_.end()) {
      metadata->scopes.emplace_back("offline_access");
    }
    return metadata;
  }

 private:
  http::FetchRequest request(std::string url) const {
    http::FetchRequest made;
    made.url = std::move(url);
    made.ca_file = server_.auth.ca_file;
    made.fields = {{"Accept", "application/json"}};
    return made;
  }

  /// Nothing: there is no such document.
  std::optional<json> document(const std::string& url) const {
    if (!is_trusted_place(url)) return std::nullopt;
    const auto response = fetch_(request(url));
    if (!response || response->status != 200) return std::nullopt;
    auto value = json::parse(response->body, nullptr, false);
    return value.is_object() ? std::optional{std::move(value)} : std::nullopt;
  }

  Result<void> ask_for_challenge() {
    auto asking = request(server_.url);
    asking.method = "POST";
    asking.fields = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}};
    asking.body = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
    const auto response = fetch_(asking);
    if (!response) return std::unexpected(response.error());
    if (response->status != 401) return {};
    const auto challenge = response->field("www-authenticate");
    // It is for what is at this origin, so nothing else is asked for the server's sake.
    named_ = challenge_parameter(challenge, "resource_metadata");
    const auto ours = site_of(server_.url);
    const auto theirs = site_of(named_);
    if (!theirs || theirs->origin != ours->origin) named_.clear();
    wanted_scopes_ = words_of(challenge_parameter(challenge, "scope"));
    return {};
  }

  Result<void> find_resource(const Site& site) {
    constexpr std::string_view well_known = "/.well-known/oauth-protected-resource";
    std::vector<std::string> places;
    if (!named_.empty()) places.push_back(named_);
    places.push_back(site.origin + std::string{well_known} + site.path);
    if (!site.path.empty()) places.push_back(site.origin + std::string{well_known});
    for (const auto& place : places) {
      const auto found = document(place);
      if (!found) continue;
      resource_ = text(*found, "resource");
      if (!covers(resource_)) return unfit("its metadata is for another resource");
      has_metadata_ = true;
      issuers_ = texts(*found, "authorization_servers");
      scopes_ = texts(*found, "scopes_supported");
      break;
    }
    if (!wanted_scopes_.empty()) scopes_ = wanted_scopes_;
    if (!server_.auth.scopes.empty()) scopes_ = server_.auth.scopes;
    return {};
  }

  /// RFC 9728, section 3.3; metadata at the root speak for all that is below.
  [[nodiscard]] bool covers(const std::string& resource) const {
    const auto ours = site_of(server_.url);
    const auto theirs = site_of(resource);
    if (!ours || !theirs || ours->origin != theirs->origin) return false;
    return ours->path == theirs->path || ours->path.starts_with(theirs->path + "/");
  }

  Result<UpstreamMetadata> find_issuer(const std::string& issuer) const {
    const auto site = site_of(issuer);
    if (!site) return unfit("the URL of its authorization server has no single reading");
    constexpr std::string_view oauth = "/.well-known/oauth-authorization-server";
    constexpr std::string_view openid = "/.well-known/openid-configuration";
    std::vector<std::string> places = {site->origin + std::string{oauth} + site->path,
                                       site->origin + std::string{openid} + site->path};
    if (!site->path.empty()) places.push_back(site->origin + site->path + std::string{openid});
    for (const auto& place : places) {
      const auto found = document(place);
      if (!found) continue;
      // RFC 8414, section 3.3: somebody else's metadata would lead the code to them.
      if (text(*found, "issuer") != issuer)
        return unfit("the metadata of its authorization server name another issuer");
      return read_issuer(*found);
    }
    return unfit("its authorization server publishes no metadata");
  }

  static Result<UpstreamMetadata> read_issuer(const json& found) {
    UpstreamMetadata metadata;
    metadata.issuer = text(found, "issuer");
    metadata.authorization_endpoint = text(found, "authorization_endpoint");
    metadata.token_endpoint = text(found, "token_endpoint");
    metadata.registration_endpoint = text(found, "registration_endpoint");
    metadata.revocation_endpoint = text(found, "revocation_endpoint");
    metadata.client_authentication = texts(found, "token_endpoint_auth_methods_supported");
    const auto scopes = texts(found, "scopes_supported");
    metadata.offers_offline_access = std::ranges::find(scopes, "offline_access") != scopes.end();
    const auto sends = found.find("authorization_response_iss_parameter_supported");
    metadata.sends_issuer = sends != found.end() && sends->is_boolean() && sends->get<bool>();
    for (const auto* url : {&metadata.authorization_endpoint, &metadata.token_endpoint}) {
      if (!is_trusted_place(*url)) return unfit("an endpoint of its authorization server is missing, or no https URL");
    }
    for (auto* url : {&metadata.registration_endpoint, &metadata.revocation_endpoint}) {
      if (!url->empty() && !is_trusted_place(*url)) url->clear();
    }
    const auto challenges = texts(found, "code_challenge_methods_supported");
    if (std::ranges::find(challenges, "S256") == challenges.end()) {
      return unfit("its authorization server does not say that it knows PKCE with S256");
    }
    return metadata;
  }

  const model::McpServer& server_;
  const auth::Fetch& fetch_;
  std::string named_;                       ///< by the challenge
  std::vector<std::string> wanted_scopes_;  ///< by the challenge
  std::string resource_;
  bool has_metadata_ = false;
  std::vector<std::string> issuers_;
  std::vector<std::string> scopes_;
};

ClientAuth authentication_of(std::string_view word, bool has_secret) {
  if (!has_secret) return ClientAuth::none;
  return word == "client_secret_post" ? ClientAuth::client_secret_post : ClientAuth::client_secret_basic;
}

}  // namespace

Result<UpstreamMetadata> discover_upstream(const model::McpServer& server, const auth::Fetch& fetch) {
  return Discovery{server, fetch}.run();
}

ClientAuth client_authentication(const UpstreamMetadata& metadata, bool has_secret) {
  const auto& methods = metadata.client_authentication;
  const bool knows_basic = methods.empty() || std::ranges::find(methods, "client_secret_basic") != methods.end();
  return authentication_of(knows_basic ? "client_secret_basic" : "client_secret_post", has_secret);
}

Result<RegisteredClient> register_client(const UpstreamMetadata& metadata, std::string_view redirect_uri,
                                         const std::string& ca_file, const auth::Fetch& fetch) {
  if (metadata.registration_endpoint.empty()) return unfit("its authorization server registers no clients by itself");
  const auto& methods = metadata.client_authentication;
  const bool may_be_public = methods.empty() || std::ranges::find(methods, "none") != methods.end();
  const json wanted{
      {"client_name", "RunAgents"},
      // Where web clients may come back to https only (OpenID Connect Registration 1.0, section 2).
      {"application_type", redirect_uri.starts_with("http:") ? "native" : "web"},
      {"redirect_uris", {redirect_uri}},
      {"grant_types", {"authorization_code", "refresh_token"}},
      {"response_types", {"code"}},
      {"token_endpoint_auth_method", may_be_public ? std::string{"none"} : methods.front()},
  };
  http::FetchRequest request;
  request.method = "POST";
  request.url = metadata.registration_endpoint;
  request.ca_file = ca_file;
  request.fields = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = wanted.dump();
  auto response = fetch(request);
  if (!response) return std::unexpected(response.error());
  auto answer = json::parse(response->body, nullptr, false);
  config::wipe(response->body);
  if ((response->status != 201 && response->status != 200) || !answer.is_object()) {
    return unfit("its authorization server did not register a client");
  }
  RegisteredClient client;
  client.id = text(answer, "client_id");
  auto secret = text(answer, "client_secret");
  client.authentication = authentication_of(text(answer, "token_endpoint_auth_method"), !secret.empty());
  client.secret = config::Secret{std::move(secret)};
  if (client.id.empty()) return unfit("its authorization server gave no client id");
  return client;
}

}  // namespace runagents::server
