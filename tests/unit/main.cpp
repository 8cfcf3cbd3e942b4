#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

// SOCI 4.0.3 forgets to free a connection to PostgreSQL that could not be made. LeakSanitizer asks for this by name.
extern "C" const char* __lsan_default_suppressions();  // NOLINT
extern "C" const char* __lsan_default_suppressions() {
  return "leak:soci::postgresql_session_backend::connect\n";
}  // NOLINT
