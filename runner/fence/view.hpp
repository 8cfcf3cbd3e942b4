#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "runner/fence/plan.hpp"

namespace runagents::fence {

/// What the view of the file system depends on. Paths are absolute; those that do not exist mean nothing.
struct ViewRequest {
  std::vector<std::string> homes;  ///< HOME, and what the account's entry says
  std::string working_directory;
  std::string project_directory;
  std::string runtime_directory;           ///< XDG_RUNTIME_DIR; may be empty
  std::vector<std::string> project_files;  ///< decide over later runs: shown, not to be written
  std::vector<std::string> credentials;    ///< where variables say that they are kept
  std::vector<std::string> never_shown;    ///< runagents' own directories, files that hold secrets
  std::vector<std::string> mask;           ///< --mask
  std::vector<std::string> expose;         ///< --expose
};

/// Finds out what has to be covered: credentials where programs keep them, sockets that are there now (by the kernel's
/// table and by their files), what the request names; and what is only to be read: the project's file, this program and
/// the user's start-up files, which would run outside of the fence later. Errors (usage): a --mask or --expose that
/// does not exist, an --expose of what is never shown, a working directory that is covered.
[[nodiscard]] Result<View> make_view(const ViewRequest& request);

/// The directories that the agent can write to as far as permissions let it, for Landlock.
[[nodiscard]] std::vector<std::string> writable_directories(const View& view);

/// The paths of bound Unix sockets in the text of /proc/net/unix.
[[nodiscard]] std::vector<std::string> socket_paths(std::string_view table);

}  // namespace runagents::fence
