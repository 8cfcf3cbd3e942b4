// ~/.aws/config and ~/.aws/credentials, and what credential processes, metadata services and STS answer.
#include "core/auth/aws_profiles.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/auth/aws_credentials.hpp"
#include "core/auth/aws_sources.hpp"

namespace {

/// Whatever is accepted can stand in a header field.
void check(const runagents::Result<runagents::auth::AwsCredentials>& found) {
  if (!found) return;
  for (const std::string_view part :
       {std::string_view{found->access_key_id}, found->secret_access_key.reveal(), found->session_token.reveal()}) {
    for (const char c : part) {
      if (c <= 0x20 || c >= 0x7f) std::abort();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::auth;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto config = bytes.substr(0, bytes.find('\0'));
  const AwsProfiles profiles{config, bytes.substr(config.size())};
  static_cast<void>(setting(profiles.profile("default"), "region"));
  check(parse_aws_credentials(bytes, {}));
  check(aws_credentials_from_json(bytes, {}));
  check(aws_credentials_from_xml(bytes, {}));
  return 0;
}
