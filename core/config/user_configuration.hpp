#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/model/secret_reference.hpp"

namespace runagents::config {

/// The context that is always there: the store of this user on this machine.
inline constexpr std::string_view local_context = "local";

/// A control plane that commands can be pointed at.
struct ControlPlaneContext {
  std::string name;
  std::string endpoint;                                   ///< as the file has it
  std::optional<model::SecretReference> credential = {};  ///< an API key or a token
  std::optional<model::SecretReference> session = {};     ///< what `login` got, in the encrypted store
  std::string ca_file = {};                               ///< absolute; PEM bundle instead of the system's roots
};

/// config.toml: what belongs to a person rather than to a project. A value.
struct UserConfiguration {
  std::string current_context{local_context};
  std::vector<ControlPlaneContext> contexts;  ///< in the order of the file, without the local one

  /// Null: there is none of that name.
  [[nodiscard]] const ControlPlaneContext* find(std::string_view name) const noexcept;
  [[nodiscard]] ControlPlaneContext* find(std::string_view name) noexcept;
};

/// Where it is, below the configuration directory.
[[nodiscard]] std::filesystem::path user_configuration_file(const std::filesystem::path& configuration_directory);

/// Reads the file as strictly as a project file; one that is not there is an empty one. Reports everything that is
/// wrong at once. Blocks.
[[nodiscard]] Result<UserConfiguration> read_user_configuration(const std::filesystem::path& file);

/// Puts the file in place, mode 0600, at once. What a person wrote besides (comments) is not kept. Blocks.
[[nodiscard]] Result<void> write_user_configuration(const std::filesystem::path& file,
                                                    const UserConfiguration& configuration);

}  // namespace runagents::config
