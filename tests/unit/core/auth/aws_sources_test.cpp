#include "core/auth/aws_sources.hpp"

#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sys/stat.h>

#include <nlohmann/json.hpp>

#include "core/auth/hash.hpp"
#include "core/model/approval.hpp"

using namespace runagents;
using namespace runagents::auth;
using nlohmann::json;

namespace {

const std::string keys =
    R"({"AccessKeyId":"AKID","SecretAccessKey":"s","Token":"t","Expiration":"2099-01-01T00:00:00Z"})";
const std::string sts_answer =
    "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s1</"
    "SecretAccessKey>"
    "<SessionToken>t1</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>"
    "</AssumeRoleResponse>";

/// A machine with a home of its own, on which requests are answered by a table and remembered.
struct Machine {
  explicit Machine(std::string_view config = {}, std::map<std::string, std::string> environment = {}) {
    home = std::filesystem::temp_directory_path() / ("runagents-aws-" + hex(random_bytes(6)));
    std::filesystem::create_directories(home / ".aws/sso/cache");
    std::filesystem::create_directories(home / ".aws/cli/cache");
    std::ofstream{home / ".aws/config"} << config;
    environment.try_emplace("HOME", home.string());
    settings = load_aws_settings(std::move(environment));
    settings.fetch = [this](const http::FetchRequest& request) -> Result<http::FetchResponse> {
      requests.push_back(request);
      const auto found = answers.find(request.method + " " + request.url);
      if (found == answers.end()) return fail(ErrorCode::unavailable, "nobody answers at " + request.url);
      http::FetchResponse response;
      response.status = found->second.first;
      response.body = found->second.second;
      return response;
    };
    settings.run = [this](const std::string& command) -> Result<std::string> {
      commands.push_back(command);
      return keys;
    };
  }
  ~Machine() { std::filesystem::remove_all(home); }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  [[nodiscard]] std::string field(std::size_t request, const std::string& name) const {
    for (const auto& [key, value] : requests.at(request).fields) {
      if (key == name) return value;
    }
    return {};
  }
  void write(const std::string& file, const std::string& text) const { std::ofstream{home / file} << text; }
  [[nodiscard]] std::string id_of(const std::string& profile) const {
    const auto found = find_aws_credentials(settings, profile);
    return found ? found->access_key_id : "error: " + found.error().message;
  }

  std::filesystem::path home;
  AwsSettings settings;
  std::map<std::string, std::pair<int, std::string>> answers;
  std::vector<http::FetchRequest> requests;
  std::vector<std::string> commands;
};

constexpr auto sso_profile =
    "[profile p]\nsso_session = my-sso\nsso_account_id = 123\nsso_role_name = Read Only\n"
    "[sso-session my-sso]\nsso_region = eu-west-1\nsso_start_url = https://example.awsapps.com/start\n";
const std::string role_url =
    "GET https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?role_name=Read%20Only&account_id=123";

json sso_token(std::chrono::seconds left) {
  return {{"accessToken", "old"}, {"expiresAt", model::to_iso8601(model::now() + left)}};
}

}  // namespace

TEST_CASE("the order of the chain") {
  Machine machine{
      "[default]\naws_access_key_id = PROFILE\naws_secret_access_key = s\n[profile other]\naws_access_key_id = OTHER\n"
      "aws_secret_access_key = s\n"};
  auto& environment = machine.settings.environment;
  CHECK(machine.id_of("other") == "OTHER");
  CHECK(machine.id_of("") == "PROFILE");
  environment["AWS_PROFILE"] = "other";
  CHECK(machine.id_of("") == "OTHER");
  environment["AWS_ACCESS_KEY_ID"] = "ENV";
  CHECK(machine.id_of("") == "OTHER");  // half a pair is none
  environment["AWS_SECRET_ACCESS_KEY"] = "s";
  CHECK(machine.id_of("") == "ENV");
  CHECK(machine.id_of("other") == "OTHER");  // a tool's own profile is not overruled by the environment
  CHECK(machine.id_of("nobody").starts_with("error: the AWS profile \"nobody\" does not exist"));
  CHECK(machine.requests.empty());
}

TEST_CASE("a region is a word") {
  Machine machine{"[default]\nregion = eu-west-1\n[profile p]\nregion = x/../y\n"};
  CHECK(machine.settings.region("") == "eu-west-1");
  CHECK(machine.settings.region("p").empty());
  machine.settings.environment["AWS_REGION"] = "us\r\nX-Evil: 1";
  CHECK(machine.settings.region("").empty());
}

TEST_CASE("nothing is found where nothing is, and the error says where it was looked for") {
  const Machine machine;
  const auto found = find_aws_credentials(machine.settings, "");
  REQUIRE(!found);
  CHECK(found.error().message.contains("no AWS credentials were found"));
  CHECK(!found.error().hint.empty());
}

TEST_CASE("a role is assumed with the keys of another profile, in a signed request") {
  Machine machine{
      "[profile p]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = base\nexternal_id = e&x\nregion = eu-west-1\n"
      "role_session_name = me\n[profile base]\naws_access_key_id = BASE\naws_secret_access_key = s\n"
      "aws_session_token = base-token\n"};
  machine.answers["POST https://sts.eu-west-1.amazonaws.com"] = {200, sts_answer};
  const auto found = find_aws_credentials(machine.settings, "p");
  REQUIRE(found);
  CHECK(found->access_key_id == "ASIA1");
  CHECK(found->session_token.reveal() == "t1");
  CHECK(found->origin == "profile p");
  CHECK(found->expires_at);
  CHECK(machine.requests.at(0).body ==
        "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=me&ExternalId="
        "e%26x");
  CHECK(machine.field(0, "Authorization").contains("Credential=BASE/"));
  CHECK(machine.field(0, "Authorization")
            .contains("/eu-west-1/sts/aws4_request, SignedHeaders=content-type;host;x-amz-date;"));
  CHECK(machine.field(0, "X-Amz-Security-Token") == "base-token");
}

TEST_CASE("roles of roles, and those that lead back to themselves") {
  Machine machine{
      "[profile a]\nrole_arn=arn:a\nsource_profile=b\n[profile b]\nrole_arn=arn:b\nsource_profile=c\n[profile c]\n"
      "aws_access_key_id=C\naws_secret_access_key=s\n[profile x]\nrole_arn=arn:x\nsource_profile=y\n[profile y]\n"
      "role_arn=arn:y\nsource_profile=x\n[profile self]\nrole_arn=arn:self\nsource_profile=self\n"
      "aws_access_key_id=SELF\naws_secret_access_key=s\n[profile lost]\nrole_arn=arn:l\nsource_profile=gone\n"};
  machine.answers["POST https://sts.amazonaws.com"] = {200, sts_answer};
  CHECK(machine.id_of("a") == "ASIA1");
  CHECK(machine.requests.size() == 2);
  CHECK(machine.id_of("x").contains("leads back to itself"));
  CHECK(machine.id_of("self") == "ASIA1");
  CHECK(machine.id_of("lost").contains("\"gone\" does not exist"));
}

TEST_CASE("an answer of STS is read strictly") {
  CHECK(aws_credentials_from_xml(sts_answer, ""));
  const auto with = [](const std::string& from, const std::string& to) {
    auto text = sts_answer;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const auto& text :
       {std::string{}, std::string{"<Credentials></Credentials>"}, "<!DOCTYPE x>" + sts_answer,
        with("ASIA1", "AS<b/>IA"), with("ASIA1", "&#65;"), with("s1", ""), with("2099-01-01T00:00:00Z", "never"),
        with("<SessionToken>t1</SessionToken>", ""), with("ASIA1", "ASIA1</AccessKeyId><AccessKeyId>ASIA2"),
        sts_answer + sts_answer, with("t1", "t1\r\nX: y")}) {
    CAPTURE(text);
    CHECK(!aws_credentials_from_xml(text, ""));
  }
}

TEST_CASE("what STS refuses is told by its code, without secrets") {
  Machine machine{
      "[profile p]\nrole_arn=arn:p\nsource_profile=b\n[profile "
      "b]\naws_access_key_id=B\naws_secret_access_key=canary9\n"};
  machine.answers["POST https://sts.amazonaws.com"] = {
      403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"};
  const auto text = machine.id_of("p");
  CHECK(text.contains("403 (AccessDenied)"));
  CHECK(!text.contains("canary9"));
  machine.settings.environment["AWS_ENDPOINT_URL_STS"] = "http://sts.example.com";
  CHECK(machine.id_of("p").contains("in cleartext"));
  CHECK(machine.requests.size() == 1);
}

TEST_CASE("a role behind an MFA device comes from the cache of the AWS CLI, or not at all") {
  Machine machine{
      "[profile p]\nrole_arn = arn:p\nsource_profile = b\nmfa_serial = arn:mfa\n[profile b]\naws_access_key_id=B\n"
      "aws_secret_access_key=s\n"};
  CHECK(machine.id_of("p").contains("MFA"));
  const auto file = ".aws/cli/cache/" + aws_cache_name(R"({"RoleArn": "arn:p", "SerialNumber": "arn:mfa"})");
  machine.write(
      file,
      R"({"Credentials":{"AccessKeyId":"CACHED","SecretAccessKey":"s","SessionToken":"t","Expiration":"2001-01-01T00:00:00Z"}})");
  CHECK(machine.id_of("p").contains("MFA"));
  machine.write(
      file,
      R"({"Credentials":{"AccessKeyId":"CACHED","SecretAccessKey":"s","SessionToken":"t","Expiration":"2099-01-01T00:00:00Z"}})");
  CHECK(machine.id_of("p") == "CACHED");
  CHECK(machine.requests.empty());
}

TEST_CASE("web identity: the token of a file, unsigned") {
  Machine machine;
  machine.write("token", "jwt.of+pod\n");
  machine.settings.environment.insert({{"AWS_WEB_IDENTITY_TOKEN_FILE", (machine.home / "token").string()},
                                       {"AWS_ROLE_ARN", "arn:w"},
                                       {"AWS_ROLE_SESSION_NAME", "pod"}});
  machine.answers["POST https://sts.amazonaws.com"] = {200, sts_answer};
  CHECK(machine.id_of("") == "ASIA1");
  CHECK(machine.requests.at(0).body.contains("Action=AssumeRoleWithWebIdentity"));
  CHECK(machine.requests.at(0).body.contains("&RoleSessionName=pod&WebIdentityToken=jwt.of%2Bpod"));
  CHECK(machine.field(0, "Authorization").empty());
}

TEST_CASE("a credential_process runs for its profile alone") {
  Machine machine{
      "[profile p]\ncredential_process = /bin/give \"a b\"\n[profile q]\nrole_arn=arn:q\nsource_profile=p\n"
      "[profile k]\naws_access_key_id=K\naws_secret_access_key=s\ncredential_process = /bin/never\n"};
  CHECK(machine.id_of("p") == "AKID");
  CHECK(machine.id_of("k") == "K");
  CHECK(machine.commands == std::vector<std::string>{"/bin/give \"a b\""});
  CHECK(credential_processes(machine.settings, "q") == machine.commands);
  CHECK(credential_processes(machine.settings, "k").empty());
  CHECK(credential_processes(machine.settings, "").empty());
}

TEST_CASE("SSO: the token of the login gives the role's credentials") {
  Machine machine{sso_profile};
  CHECK(machine.id_of("p").contains("nobody has logged in"));
  const auto file = ".aws/sso/cache/" + aws_cache_name("my-sso");
  machine.write(file, sso_token(std::chrono::hours{1}).dump());
  machine.answers[role_url] = {
      200,
      R"({"roleCredentials":{"accessKeyId":"SSO1","secretAccessKey":"s","sessionToken":"t","expiration":4070908800000}})"};
  CHECK(machine.id_of("p") == "SSO1");
  CHECK(machine.field(0, "x-amz-sso_bearer_token") == "old");
  machine.answers[role_url] = {401, "{}"};
  CHECK(machine.id_of("p").contains("not accepted any more"));
  machine.write(file, sso_token(std::chrono::seconds{-1}).dump());
  CHECK(machine.id_of("p").contains("the login has expired"));
  for (const auto* bad :
       {"", "[]", "{", R"({"accessToken":"a"})", R"({"accessToken":"a\nb","expiresAt":"2099-01-01T00:00:00Z"})",
        R"({"accessToken":5,"expiresAt":"2099-01-01T00:00:00Z"})"}) {
    machine.write(file, bad);
    CHECK(machine.id_of("p").contains("not a token"));
  }
}

TEST_CASE("SSO: a login that is nearly over is renewed, and kept before it is used") {
  Machine machine{sso_profile};
  const auto file = ".aws/sso/cache/" + aws_cache_name("my-sso");
  auto token = sso_token(std::chrono::seconds{30});
  token.update({{"refreshToken", "refresh1"},
                {"clientId", "c"},
                {"clientSecret", "cs"},
                {"registrationExpiresAt", "2099-01-01T00:00:00Z"},
                {"region", "eu-west-1"}});
  machine.write(file, token.dump());
  machine.answers[role_url] = {200, R"({"roleCredentials":{"accessKeyId":"SSO1","secretAccessKey":"s"}})"};
  const std::string renewal = "POST https://oidc.eu-west-1.amazonaws.com/token";
  // While it cannot be renewed the old one serves.
  machine.answers[renewal] = {500, ""};
  CHECK(machine.id_of("p") == "SSO1");
  CHECK(machine.field(1, "x-amz-sso_bearer_token") == "old");
  machine.answers[renewal] = {
      200, R"({"accessToken":"new","expiresIn":3600,"refreshToken":"refresh2","tokenType":"Bearer"})"};
  CHECK(machine.id_of("p") == "SSO1");
  CHECK(machine.field(3, "x-amz-sso_bearer_token") == "new");
  CHECK(json::parse(machine.requests.at(2).body)["refreshToken"] == "refresh1");
  std::ifstream stream{machine.home / file};
  const auto kept = json::parse(stream);
  CHECK(kept["accessToken"] == "new");
  CHECK(kept["refreshToken"] == "refresh2");
  CHECK(kept["region"] == "eu-west-1");
  struct stat status{};
  REQUIRE(::stat((machine.home / file).c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600U);
  CHECK(machine.id_of("p") == "SSO1");
  CHECK(machine.requests.size() == 5);  // no renewal
}

TEST_CASE("containers: the endpoint of ECS and EKS, with its token") {
  Machine machine;
  auto& environment = machine.settings.environment;
  environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/x";
  machine.answers["GET http://169.254.170.2/v2/x"] = {200, keys};
  CHECK(machine.id_of("") == "AKID");
  CHECK(machine.requests.at(0).without_proxy);
  environment.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  machine.write("pod-token", "pod\n");
  environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = (machine.home / "pod-token").string();
  machine.answers["GET http://169.254.170.23/v1/credentials"] = {200, keys};
  CHECK(machine.id_of("") == "AKID");
  CHECK(machine.field(1, "Authorization") == "pod");
  machine.write("pod-token", "pod\r\nX-Evil: 1");
  CHECK(machine.id_of("").contains("line break"));
  for (const auto* url : {"http://evil.example.com/x", "http://169.254.170.2.evil.example/x",
                          "http://169.254.170.2@evil.example/", "http://10.0.0.1/", "ftp://127.0.0.1/", "nothing"}) {
    environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
    CAPTURE(url);
    CHECK(machine.id_of("").contains("error:"));
  }
  CHECK(machine.requests.size() == 2);
}

TEST_CASE("instances: a session token first, then the role") {
  Machine machine;
  const std::string base = "http://169.254.169.254/latest/";
  machine.answers["PUT " + base + "api/token"] = {200, "imds-token"};
  machine.answers["GET " + base + "meta-data/iam/security-credentials/"] = {200, "my-role"};
  machine.answers["GET " + base + "meta-data/iam/security-credentials/my-role"] = {200, keys};
  CHECK(machine.id_of("") == "AKID");
  CHECK(machine.field(0, "X-aws-ec2-metadata-token-ttl-seconds") == "21600");
  CHECK(machine.field(1, "X-aws-ec2-metadata-token") == "imds-token");
  CHECK(machine.field(2, "X-aws-ec2-metadata-token") == "imds-token");
  for (const auto* role : {"", "a/../b", "a?b", "a b"}) {
    machine.answers["GET " + base + "meta-data/iam/security-credentials/"] = {200, role};
    CHECK(machine.id_of("").contains("no role"));
  }
  machine.answers["PUT " + base + "api/token"] = {200, "a\r\nb"};
  CHECK(machine.id_of("").contains("a token that is none"));
  machine.answers["PUT " + base + "api/token"] = {403, ""};
  CHECK(machine.id_of("").contains("answers 403"));
  const auto asked = machine.requests.size();
  machine.settings.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  CHECK(machine.id_of("").contains("switched off"));
  CHECK(machine.requests.size() == asked);
}
