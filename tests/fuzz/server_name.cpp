// The beginning of an agent's connection to a tool whose TLS is passed through.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "core/http/tls_server.hpp"
#include "core/policy/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto name = runagents::http::peek_server_name({reinterpret_cast<const char*>(data), size});
  if (!name || name->empty()) return 0;
  std::string scratch;
  const auto canonical = runagents::policy::canonical_host(*name, scratch);
  if (!canonical || *canonical != *name) std::abort();
  return 0;
}
