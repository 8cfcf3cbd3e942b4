#pragma once

#include <string>
#include <utility>

#include "core/config/secret.hpp"
#include "core/error.hpp"
#include "server/service/store_key.hpp"

namespace runagents::server {

/// Opens what `read` finds sealed; nothing sealed is an empty secret. The key may be changed between reading and
/// opening: then what is in the store by now can be opened, so this reads until the same text fails twice. Blocks.
template <class Read>
[[nodiscard]] Result<config::Secret> open_current(StoreKey& key, Read read, const std::string& place) {
  for (std::string last;;) {
    Result<std::string> sealed = read();
    if (!sealed) return std::unexpected(std::move(sealed.error()));
    if (sealed->empty()) return config::Secret{};
    const auto sealer = key.sealer();
    if (!sealer) return std::unexpected(sealer.error());
    auto plain = (*sealer)->open(*sealed, place);
    if (plain) return config::Secret{*std::move(plain)};
    if (*sealed == last) return std::unexpected(std::move(plain.error()));
    last = *std::move(sealed);
  }
}

}  // namespace runagents::server
