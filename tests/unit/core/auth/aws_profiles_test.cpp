#include "core/auth/aws_profiles.hpp"

#include <doctest/doctest.h>
#include <string>

using namespace runagents::auth;

namespace {

std::string of(const AwsProfiles& profiles, std::string_view profile, std::string_view key) {
  return std::string{setting(profiles.profile(profile), key)};
}

}  // namespace

TEST_CASE("profiles are sections of two files, and the credentials file counts for more") {
  const AwsProfiles profiles{
      "[default]\nregion = eu-west-1\n[profile \"two words\"]\nregion=a\n[profile b]\naws_access_key_id = C\n"
      "aws_secret_access_key = config\naws_session_token = config\nregion = us-east-1\n[sso-session s]\nsso_region = "
      "r\n",
      "[b]\naws_access_key_id = K\naws_secret_access_key = S\n[only]\naws_access_key_id = O\n"};
  CHECK(of(profiles, "default", "region") == "eu-west-1");
  CHECK(of(profiles, "two words", "region") == "a");
  CHECK(of(profiles, "b", "region") == "us-east-1");
  CHECK(of(profiles, "b", "aws_access_key_id") == "K");
  CHECK(of(profiles, "b", "aws_secret_access_key") == "S");
  CHECK(of(profiles, "b", "aws_session_token").empty());  // it belongs to the other key
  CHECK(of(profiles, "only", "aws_access_key_id") == "O");
  CHECK(setting(profiles.sso_session("s"), "sso_region") == "r");
  CHECK(profiles.profile("s") == nullptr);
  CHECK(profiles.profile("nobody") == nullptr);
  CHECK(profiles.sso_session("b") == nullptr);
}

TEST_CASE("[profile default] counts for more than [default], wherever it stands") {
  for (const auto* text :
       {"[profile default]\nregion=a\n[default]\nregion=b\n", "[default]\nregion=b\n[profile default]\nregion=a\n"}) {
    CHECK(of({text, ""}, "default", "region") == "a");
  }
}

TEST_CASE("comments, blanks, line ends, letters and values that hold what has a meaning elsewhere") {
  const AwsProfiles profiles{
      "# first\n; second\n  \n[profile a] # not a header with a name of its own\nREGION = x # y\r\nk = a=b;c#d\n"
      "spaced   =   v  w  \nempty =\nno equals sign\n = no key\n[profile a]\nagain = 1\nk = later\n",
      ""};
  CHECK(of(profiles, "a", "region") == "x");
  CHECK(of(profiles, "a", "k") == "later");
  CHECK(of(profiles, "a", "spaced") == "v  w");
  CHECK(of(profiles, "a", "empty").empty());
  CHECK(of(profiles, "a", "again") == "1");
}

TEST_CASE("nested settings are of their parent, not of the profile") {
  const AwsProfiles profiles{
      "[profile a]\ns3 =\n  aws_secret_access_key = nested\n\taws_access_key_id = nested\nregion = r\n", ""};
  CHECK(of(profiles, "a", "aws_secret_access_key").empty());
  CHECK(of(profiles, "a", "aws_access_key_id").empty());
  CHECK(of(profiles, "a", "region") == "r");
}

TEST_CASE("what is no section takes the settings below it along") {
  for (const auto* header :
       {"[profile]", "[profile ]", "[a", "a]", "[[a]]", "[profilea]", "[services a]", "[]", "[plugins]"}) {
    const AwsProfiles profiles{"[profile before]\nx = 1\n" + std::string{header} + "\nregion = hidden\n", ""};
    CAPTURE(header);
    CHECK(of(profiles, "a", "region").empty());
    if (std::string_view{header}.starts_with('[')) CHECK(of(profiles, "before", "region").empty());
  }
}

TEST_CASE("files that nobody wrote by hand") {
  const std::string zeros("\0\0[profile a]\0=\0", 16);
  std::string many = "[profile a]\n";
  for (int i = 0; i < 20000; ++i) many += "k" + std::to_string(i) + "=v\n[profile p" + std::to_string(i) + "]\n";
  for (const auto& text :
       {zeros, many, std::string(100000, '['), std::string(100000, '='), std::string{"\xff\xfe=\n[\xff]"}}) {
    const AwsProfiles profiles{text, text};
    CHECK(setting(profiles.profile("nobody"), "x").empty());
  }
  CHECK(of({many, ""}, "p19998", "k19999") == "v");
}
