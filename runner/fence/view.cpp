#include "runner/fence/view.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <glob.h>
#include <iterator>
#include <optional>
#include <unistd.h>

#include "runner/fence/root.hpp"

namespace runagents::fence {
namespace {

namespace fs = std::filesystem;

/// Below the home directory: where programs keep credentials.
constexpr std::array home_covered = {".aws",
                                     ".ssh",
                                     ".gnupg",
                                     ".kube",
                                     ".docker",
                                     ".azure",
                                     ".oci",
                                     ".netrc",
                                     "_netrc",
                                     ".git-credentials",
                                     ".config/git/credentials",
                                     ".config/gh",
                                     ".config/hub",
                                     ".config/glab-cli",
                                     ".config/gcloud",
                                     ".config/doctl",
                                     ".config/op",
                                     ".config/sops",
                                     ".config/age",
                                     ".config/rclone",
                                     ".config/containers/auth.json",
                                     ".config/google-chrome",
                                     ".config/chromium",
                                     ".config/BraveSoftware",
                                     ".config/microsoft-edge",
                                     ".mozilla",
                                     ".thunderbird",
                                     ".password-store",
                                     ".local/share/keyrings",
                                     ".local/share/kwalletd",
                                     ".local/share/gopass",
                                     ".pki",
                                     ".npmrc",
                                     ".yarnrc.yml",
                                     ".pypirc",
                                     ".cargo/credentials",
                                     ".cargo/credentials.toml",
                                     ".gem/credentials",
                                     ".m2/settings.xml",
                                     ".gradle/gradle.properties",
                                     ".composer/auth.json",
                                     ".terraform.d/credentials.tfrc.json",
                                     ".terraformrc",
                                     ".vault-token",
                                     ".boto",
                                     ".s3cfg",
                                     ".pgpass",
                                     ".my.cnf",
                                     ".mylogin.cnf",
                                     ".databrickscfg",
                                     ".snowflake",
                                     ".fly",
                                     ".railway",
                                     ".vercel",
                                     ".netlify",
                                     ".Xauthority",
                                     ".ICEauthority"};

/// Of the machine; readable for root alone, so for an agent that root starts.
constexpr std::array machine_covered = {"/etc/shadow",
                                        "/etc/shadow-",
                                        "/etc/gshadow",
                                        "/etc/gshadow-",
                                        "/etc/sudoers",
                                        "/etc/sudoers.d",
                                        "/etc/ssl/private",
                                        "/etc/krb5.keytab",
                                        "/etc/kubernetes",
                                        "/etc/rancher",
                                        "/etc/docker",
                                        "/etc/wireguard",
                                        "/etc/NetworkManager/system-connections",
                                        "/var/lib/docker",
                                        "/var/lib/containerd",
                                        "/var/lib/kubelet",
                                        "/var/run/secrets",
                                        "/var/spool/cron"};

/// Below the home directory: what a shell, a desktop or a tool of the user's executes later, outside of the fence.
constexpr std::array home_read_only = {".bashrc",
                                       ".bash_profile",
                                       ".bash_login",
                                       ".bash_logout",
                                       ".bash_aliases",
                                       ".profile",
                                       ".inputrc",
                                       ".zshrc",
                                       ".zshenv",
                                       ".zprofile",
                                       ".zlogin",
                                       ".zlogout",
                                       ".kshrc",
                                       ".cshrc",
                                       ".tcshrc",
                                       ".login",
                                       ".xprofile",
                                       ".xinitrc",
                                       ".xsession",
                                       ".xsessionrc",
                                       ".pam_environment",
                                       ".gitconfig",
                                       ".config/git",
                                       ".config/fish",
                                       ".config/autostart",
                                       ".config/systemd",
                                       ".config/environment.d",
                                       ".config/plasma-workspace",
                                       ".local/share/systemd",
                                       ".local/share/applications",
                                       ".local/bin",
                                       "bin",
                                       ".vimrc",
                                       ".vim",
                                       ".config/nvim",
                                       ".emacs",
                                       ".emacs.d",
                                       ".tmux.conf",
                                       ".config/tmux"};

constexpr std::array socket_directories = {"/tmp/.X11-unix", "/tmp/.ICE-unix", "/tmp/.XIM-unix", "/tmp/.font-unix"};
constexpr std::array patterns = {"/tmp/ssh-*", "/tmp/tmux-*", "/tmp/runagents-[0-9]*", "/tmp/dbus-*",
                                 "/etc/ssh/ssh_host_*_key"};

/// Made anew in the private root, so that nothing of them needs to be covered.
constexpr std::array<std::string_view, 3> replaced = {"/run", "/dev", "/proc"};

bool is_below(std::string_view path, std::string_view parent) noexcept {
  return path.size() > parent.size() && path.starts_with(parent) && (parent == "/" || path[parent.size()] == '/');
}
bool is_at_or_below(std::string_view path, std::string_view parent) noexcept {
  return path == parent || is_below(path, parent);
}

std::optional<std::string> canonical(const fs::path& path) {
  std::error_code error;
  auto found = fs::canonical(path, error);
  if (error) return std::nullopt;
  return found.string();
}

std::string read_whole(const char* file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

void add_matches(std::vector<std::string>& paths, const char* pattern) {
  glob_t found{};
  if (::glob(pattern, 0, nullptr, &found) == 0) {
    paths.insert(paths.end(), found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
}

/// Without repetition, parents first.
std::vector<std::string> sorted(std::vector<std::string> found) {
  std::ranges::sort(found);
  found.erase(std::ranges::unique(found).begin(), found.end());
  return found;
}

/// Canonical, without repetition, parents first, and only what exists.
std::vector<std::string> settled(const std::vector<std::string>& paths) {
  std::vector<std::string> found;
  for (const auto& path : paths) {
    // Most of what is looked for is not there, and one system call says so.
    if (::access(path.c_str(), F_OK) != 0) continue;
    if (auto one = canonical(path)) found.push_back(*std::move(one));
  }
  return sorted(std::move(found));
}

std::vector<std::string> named(const std::vector<std::string>& paths, std::string_view flag, Error& error) {
  for (const auto& path : paths) {
    if (canonical(path)) continue;
    error = {ErrorCode::usage, std::string{flag} + " " + path + ": there is no such file or directory", ""};
  }
  return settled(paths);
}

/// Sockets whose name says nothing in the kernel's table: bound by a relative path, renamed or linked since, or of
/// another network namespace. Looked for where programs put them, level by level and only as far as it costs next to
/// nothing; the directories of a level share what may be looked at, so that a crowded one hides none of the others.
void add_socket_files(std::vector<std::string>& paths, const std::string& directory, int depth) {
  constexpr std::size_t max_entries_of_level = 10'000;
  std::error_code error;
  std::vector<fs::path> level{directory};
  for (; depth >= 0 && !level.empty(); --depth) {
    std::vector<fs::path> below;
    auto left = max_entries_of_level;
    for (auto waiting = level.size(); const auto& folder : level) {
      const auto share = std::max<std::size_t>(left / waiting--, 1);
      std::size_t seen = 0;
      auto entry = fs::directory_iterator{folder, fs::directory_options::skip_permission_denied, error};
      for (; !error && entry != fs::directory_iterator{} && seen < share; entry.increment(error), ++seen) {
        if (entry->is_socket(error)) paths.push_back(entry->path().string());
        if (!entry->is_symlink(error) && entry->is_directory(error)) below.push_back(entry->path());
      }
      left -= std::min(left, seen);
    }
    level = std::move(below);
  }
}

std::vector<std::string> to_cover(const ViewRequest& request) {
  std::vector<std::string> paths{machine_covered.begin(), machine_covered.end()};
  for (const auto& home : request.homes) {
    for (const auto* name : home_covered) paths.push_back(home + "/" + name);
  }
  paths.insert(paths.end(), socket_directories.begin(), socket_directories.end());
  for (const auto* pattern : patterns) add_matches(paths, pattern);
  std::error_code error;
  for (const auto* directory : {"/tmp", "/var/tmp"}) add_socket_files(paths, directory, 3);
  for (const auto& directory : request.homes) add_socket_files(paths, directory, 0);
  add_socket_files(paths, request.working_directory, 1);
  if (request.project_directory != request.working_directory) add_socket_files(paths, request.project_directory, 1);
  paths.insert(paths.end(), request.credentials.begin(), request.credentials.end());
  for (auto& path : socket_paths(read_whole("/proc/net/unix"))) {
    if (fs::is_socket(path, error)) paths.push_back(std::move(path));
  }
  return paths;
}

std::string_view top_level_of(std::string_view path) noexcept {
  path.remove_prefix(1);
  return path.substr(0, path.find('/'));
}

/// A directory that the agent works in stays writable where the system's are not.
void keep_writable(View& view, const std::string& directory) {
  const auto path = canonical(directory);
  if (!path || *path == "/" || !is_system_directory(top_level_of(*path))) return;
  if (path->find('/', 1) == std::string::npos || std::ranges::find(view.writable, *path) != view.writable.end()) return;
  view.writable.push_back(*path);
}

/// A file that is replaced while the run is under way is another one, which nothing covers. So its directory is covered
/// where nobody works in it.
std::string cover_of(const std::string& file, const ViewRequest& request) {
  const auto directory = fs::path{file}.parent_path().string();
  const auto is_worked_in = [&directory](const std::string& place) {
    const auto path = canonical(place);
    return path && is_at_or_below(*path, directory);
  };
  std::error_code error;
  const bool is_shared = directory == "/tmp" || directory == "/var/tmp" || directory == "/" ||
                         std::ranges::any_of(request.homes, is_worked_in) || is_worked_in(request.working_directory) ||
                         is_worked_in(request.project_directory) || is_system_directory(top_level_of(directory));
  return is_shared || fs::is_directory(file, error) ? file : directory;
}

/// Every directory on the way to these canonical paths, so that nothing else can be put there. The topmost ones are
/// mounts already.
std::vector<std::string> parents_of(const std::vector<std::string>& paths) {
  std::vector<std::string> parents;
  for (const auto& path : paths) {
    if (is_system_directory(top_level_of(path))) continue;
    for (auto slash = path.rfind('/'); slash > path.find('/', 1); slash = path.rfind('/', slash - 1)) {
      parents.push_back(path.substr(0, slash));
    }
  }
  return sorted(std::move(parents));
}

/// A directory of the session's services, which is made anew: unless somebody works in it, or keeps everything there.
std::string runtime_directory(const ViewRequest& request) {
  const auto runtime = canonical(request.runtime_directory);
  if (!runtime) return {};
  auto places = request.homes;
  places.push_back(request.working_directory);
  places.push_back(request.project_directory);
  places.emplace_back("/tmp");
  const bool is_in_use = std::ranges::any_of(places, [&runtime](const std::string& place) {
    const auto path = canonical(place);
    return path && is_at_or_below(*path, *runtime);
  });
  std::error_code error;
  const bool is_replaced = std::ranges::find(replaced, *runtime) != replaced.end();
  const bool is_system = !runtime->starts_with("/run/") && is_system_directory(top_level_of(*runtime));
  return is_in_use || is_replaced || is_system || !fs::is_directory(*runtime, error) ? std::string{} : *runtime;
}

Result<void> check_masks(const std::vector<std::string>& masked, const std::vector<std::string>& exposed) {
  for (const auto& path : exposed) {
    const bool is_kernel = is_at_or_below(path, "/proc") || is_at_or_below(path, "/sys");
    if (!is_kernel && path != "/" && path != "/run" && path != "/dev") continue;
    return fail(ErrorCode::usage, "--expose " + path + " cannot be: the fence has its own", "name what is in there");
  }
  for (const auto& path : masked) {
    if (path == "/" || std::ranges::find(replaced, path) != replaced.end()) {
      return fail(ErrorCode::usage, "--mask " + path + " cannot be: the fence itself needs it",
                  path == "/" ? "" : "what is there inside is the fence's own, and not the machine's");
    }
    if (std::ranges::find(exposed, path) != exposed.end()) {
      return fail(ErrorCode::usage, path + " is named by --mask and by --expose");
    }
  }
  return {};
}

void drop_what_is_covered(std::vector<std::string>& covered) {
  std::vector<std::string> outer;
  for (auto& path : covered) {
    const auto is_inside = [&path](std::string_view parent) { return is_below(path, parent); };
    if (std::ranges::none_of(outer, is_inside) && std::ranges::none_of(replaced, is_inside)) outer.push_back(path);
  }
  covered = std::move(outer);
}

}  // namespace

std::vector<std::string> socket_paths(std::string_view table) {
  std::vector<std::string> paths;
  while (!table.empty()) {
    const auto line = table.substr(0, table.find('\n'));
    table.remove_prefix(std::min(table.size(), line.size() + 1));
    // The seventh column is an inode's number; what follows one blank is the path, if the socket has one. Abstract
    // names begin with "@".
    const auto path = line.find(" /");
    if (path != std::string_view::npos) paths.emplace_back(line.substr(path + 1));
  }
  return paths;
}

Result<View> make_view(const ViewRequest& request) {
  View view;
  Error error{ErrorCode::usage, "", ""};
  const auto masked = named(request.mask, "--mask", error);
  const auto exposed = named(request.expose, "--expose", error);
  if (!error.message.empty()) return std::unexpected(error);
  if (auto checked = check_masks(masked, exposed); !checked) return std::unexpected(checked.error());
  view.runtime_directory = runtime_directory(request);
  auto never = settled(request.never_shown);
  for (auto& path : never) path = cover_of(path, request);
  for (const auto& path : exposed) {
    const auto shows = [&path](const std::string& one) { return is_at_or_below(one, path) || is_below(path, one); };
    if (const auto hit = std::ranges::find_if(never, shows); hit != never.end()) {
      return fail(ErrorCode::usage, "--expose " + path + " would show the agent " + *hit,
                  "runagents' own files and the files of secrets are never shown to an agent");
    }
  }
  auto covered = settled(to_cover(request));
  std::erase_if(covered, [&exposed](const std::string& path) {
    return std::ranges::any_of(exposed, [&path](const std::string& one) { return is_at_or_below(path, one); });
  });
  covered.insert(covered.end(), never.begin(), never.end());
  covered.insert(covered.end(), masked.begin(), masked.end());
  view.covered = sorted(std::move(covered));
  drop_what_is_covered(view.covered);
  const auto is_hidden = [&view](std::string_view path) {
    const auto holds = [path](std::string_view parent) { return is_at_or_below(path, parent); };
    return std::ranges::any_of(view.covered, holds) || std::ranges::any_of(replaced, holds) ||
           (!view.runtime_directory.empty() && holds(view.runtime_directory));
  };
  std::ranges::copy_if(exposed, std::back_inserter(view.exposed), is_hidden);
  const auto shown = [&view](std::string_view path) {
    return std::ranges::any_of(view.exposed, [path](std::string_view one) { return is_at_or_below(path, one); });
  };
  if (is_hidden(request.working_directory) && !shown(request.working_directory)) {
    return fail(ErrorCode::usage, "the fence covers the working directory, " + request.working_directory,
                "start the run elsewhere, or show it to the agent with --expose");
  }
  std::vector<std::string> read_only = request.project_files;
  read_only.emplace_back("/proc/self/exe");
  for (const auto& home : request.homes) {
    for (const auto* name : home_read_only) read_only.push_back(home + "/" + name);
  }
  view.read_only = settled(read_only);
  for (const auto& home : request.homes) keep_writable(view, home);
  keep_writable(view, request.working_directory);
  keep_writable(view, request.project_directory);
  keep_writable(view, "/var/tmp");
  auto stay = view.covered;
  stay.insert(stay.end(), view.read_only.begin(), view.read_only.end());
  view.fixed = parents_of(stay);
  return view;
}

std::vector<std::string> writable_directories(const View& view) {
  std::vector<std::string> directories{"/dev", "/proc", "/run"};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator{"/", error}) {
    const auto name = entry.path().filename().string();
    const bool is_own = std::ranges::find(replaced, "/" + name) != replaced.end();
    if (!is_own && !entry.is_symlink(error) && !is_system_directory(name)) directories.push_back(entry.path().string());
  }
  directories.insert(directories.end(), view.writable.begin(), view.writable.end());
  directories.insert(directories.end(), view.exposed.begin(), view.exposed.end());
  return directories;
}

}  // namespace runagents::fence
