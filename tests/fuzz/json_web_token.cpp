// A bearer token, which any client of the ingress can send, and a key set, which an identity provider sends.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/auth/base64.hpp"
#include "core/auth/json_web_signature.hpp"
#include "core/auth/key_set.hpp"
#include "core/auth/token_verifier.hpp"

namespace {

runagents::model::IdentityProvider provider() {
  runagents::model::IdentityProvider result;
  result.name = "test";
  result.issuer = "i";
  return result;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace runagents::auth;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  static const auto keys = KeySet::parse(
      R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
  static TokenVerifier verifier{{provider()}};
  const std::chrono::sys_seconds now{std::chrono::seconds{1'790'000'000}};
  // Nobody here can sign, so nothing is accepted; what is parsed has the only spelling that it can have.
  if (const auto jws = parse_compact(bytes)) {
    if (verify_signature(*jws, *keys)) std::abort();
    const auto again = std::string{jws->signing_input} + "." + base64url(jws->signature);
    if (again != bytes) std::abort();
  }
  if (verifier.verify(bytes, now)) std::abort();
  static_cast<void>(verifier.needs_keys(bytes, now));
  static_cast<void>(KeySet::parse(bytes));
  return 0;
}
