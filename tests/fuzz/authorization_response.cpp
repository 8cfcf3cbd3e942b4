// What a browser brings back in its query.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/auth/authorization.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = runagents::auth::read_authorization_response({reinterpret_cast<const char*>(data), size});
  if (!response) return 0;
  if (response->state.empty() || response->code.empty() == response->error.empty()) std::abort();
  return 0;
}
