#pragma once

#include <cstdlib>
#include <string>
#include <utility>

namespace runagents::config {

/// A variable of the environment, as it was before when the test ends.
class ScopedVariable {
 public:
  ScopedVariable(std::string name, const char* value) : name_{std::move(name)} {
    if (const char* before = std::getenv(name_.c_str())) {
      before_ = before;
      was_set_ = true;
    }
    value == nullptr ? ::unsetenv(name_.c_str()) : ::setenv(name_.c_str(), value, 1);
  }
  ~ScopedVariable() { was_set_ ? ::setenv(name_.c_str(), before_.c_str(), 1) : ::unsetenv(name_.c_str()); }
  ScopedVariable(const ScopedVariable&) = delete;
  ScopedVariable& operator=(const ScopedVariable&) = delete;

 private:
  std::string name_;
  std::string before_;
  bool was_set_ = false;
};

}  // namespace runagents::config
