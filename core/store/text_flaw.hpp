#pragma once

#include <soci/soci.h>

namespace runagents::store {

/// Thrown for a parameter that not every database can store; it becomes a usage error. For .cpp files.
class TextFlaw : public soci::soci_error {
 public:
  TextFlaw() : soci_error("a text has a NUL") {}
};

}  // namespace runagents::store
