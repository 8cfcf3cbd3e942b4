#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace runagents::fence {

/// A socket that is opened inside the fence's network and handed to the runner.
struct Listener {
  std::string address;  ///< numeric; "::" takes every IPv4 and IPv6 address
  std::uint16_t port = 0;
  bool datagrams = false;  ///< UDP instead of TCP
};

/// The file system as the agent sees it: the machine's, less what is listed here. All paths are absolute and canonical
/// and exist, unless said otherwise.
struct View {
  std::vector<std::string> covered;    ///< shown empty; a parent comes before its children
  std::vector<std::string> exposed;    ///< stay visible although they are below something covered
  std::vector<std::string> fixed;      ///< directories that cannot be renamed away; parents first
  std::vector<std::string> read_only;  ///< shown, but not to be written
  std::vector<std::string> writable;   ///< directories below a read-only one that the agent works in
  std::vector<std::pair<std::string, std::string>> files;     ///< name in `own_directory`, content
  std::vector<std::pair<std::string, std::string>> overlays;  ///< path, name of the file that is shown there
  std::string certificates_directory;          ///< OpenSSL's, to which `certificate_links` are added; may be empty
  std::vector<std::string> certificate_links;  ///< "HASH.0": names under which OpenSSL looks for the run's authority
  std::string runtime_directory;               ///< XDG_RUNTIME_DIR; made anew, private and empty; may be empty
};

/// Where `View::files` are, inside.
inline constexpr const char* own_directory = "/run/runagents";
/// What exists inside a fence and nowhere else.
inline constexpr const char* inside_mark = "/run/runagents/empty";
/// A directory for temporary files that nobody else sees; it goes with the run.
inline constexpr const char* private_temporary = "/run/tmp";
/// The one of `View::files` to which `View::certificate_links` lead.
inline constexpr const char* authority_file = "ca.pem";

/// Everything that the fence is built from; made by the runner before it forks.
struct Plan {
  std::vector<Listener> listeners;  ///< in the order in which their sockets are handed out
  View view;
  std::vector<std::string> writable;  ///< directories outside of which Landlock lets nothing be written
};

}  // namespace runagents::fence
