#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "cli/command.hpp"
#include "cli/objects/object_kind.hpp"

namespace runagents::cli {

/// A secret that a server shows one time: it goes into a file of mode 0600, or to standard output with the object.
class SecretOnce {
 public:
  /// `member`: the object's member that holds it. `file`: --secret-file; empty: standard output.
  SecretOnce(std::string member, std::string file) : member_{std::move(member)}, file_{std::move(file)} {}

  /// Before the server makes the secret: whether it can be put where it is to go, so that it is not lost.
  [[nodiscard]] Result<void> check(const Context& context) const;
  /// Writes the file and takes the secret out of the object, or leaves it there; then prints the object. A file that
  /// cannot be written after all: the secret goes to standard output, and the error says so. Where that cannot be
  /// written either, the secret is lost, which is an error, too.
  [[nodiscard]] Outcome hand_over(const ObjectKind& kind, nlohmann::ordered_json object, const std::string& headline,
                                  const Context& context) const;

 private:
  std::string member_;
  std::string file_;
};

/// --secret-file, for a SecretOnce that people call `what`.
[[nodiscard]] Flag secret_file_flag(std::string& target, std::string_view what = "secret");

}  // namespace runagents::cli
