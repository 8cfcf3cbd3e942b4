#include "server/store_key_check.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include "core/auth/sealer.hpp"
#include "core/store/statement.hpp"
#include "server/services.hpp"

namespace runagents::server {
namespace {

std::unexpected<Error> wrong_key(const std::string& what) {
  return fail(ErrorCode::configuration, what,
              "copy store.key from the data directory of a server that uses this store, mode 0600, and start again");
}

Result<bool> has_signing_key(store::Database& database) {
  return database.read([](soci::session& session) -> Result<bool> {
    int found = 0;
    store::Statement query{session};
    query.into(found);
    query.prepare("SELECT 1 FROM signing_keys LIMIT 1");
    return query.fetch();
  });
}

}  // namespace

Result<void> check_store_key(Plane& plane) {
  auto& services = plane.services();
  const auto file = auth::key_file_of(services.options.data_directory);
  const auto is_in_use = has_signing_key(services.database);
  if (!is_in_use) return std::unexpected(is_in_use.error());
  std::error_code error;
  if (*is_in_use && !std::filesystem::exists(file, error)) {
    return wrong_key("the store is in use, and its key is not here: there is no " + file.string());
  }
  const auto key = services.signing_keys.current();
  if (key) return {};
  if (key.error().code != ErrorCode::conflict) return std::unexpected(key.error());
  return wrong_key("the store is sealed under another key than the one in " + file.string());
}

}  // namespace runagents::server
