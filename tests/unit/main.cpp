#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <cstdlib>
#include <cstring>
#include <doctest/doctest.h>

namespace {

// What is printed depends on the locale; tests expect what is printed where none is set. Nothing of it is left in
// memory either, where a test looks for what a process shows of its environment.
[[maybe_unused]] const bool has_no_locale = [] {
  for (const auto* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    char* const value = ::getenv(name);
    if (value == nullptr) continue;
    ::unsetenv(name);
    const auto before = std::strlen(name) + 1;
    ::explicit_bzero(value - before, before + std::strlen(value));
  }
  return true;
}();

}  // namespace

// SOCI 4.0.3 forgets to free a connection to PostgreSQL that could not be made. LeakSanitizer asks for this by name.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:soci::postgresql_session_backend::connect\n"; }
