#include "server/service/store_key.hpp"

namespace runagents::server {

Result<auth::Sealer*> StoreKey::sealer() {
  if (!sealer_) {
    auto opened = auth::open_sealer(data_directory_);
    if (!opened) return std::unexpected(opened.error());
    sealer_ = std::move(*opened);
  }
  return &*sealer_;
}

}  // namespace runagents::server
