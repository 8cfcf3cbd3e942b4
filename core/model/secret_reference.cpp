#include "core/model/secret_reference.hpp"

namespace runagents::model {

std::string_view word(SecretReference::Kind kind) noexcept {
  switch (kind) {
    case SecretReference::Kind::env:
      return "env";
    case SecretReference::Kind::file:
      return "file";
    case SecretReference::Kind::store:
      return "store";
    case SecretReference::Kind::exec:
      return "exec";
    case SecretReference::Kind::keyring:
      return "keyring";
  }
  return "env";
}

std::string SecretReference::to_string() const { return std::string{word(kind)} + ":" + value; }

}  // namespace runagents::model
