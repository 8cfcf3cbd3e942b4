#include "runner/fence/root.hpp"

#include <algorithm>
#include <array>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <memory>
#include <string>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vector>

namespace runagents::fence {
namespace {

constexpr std::array<std::string_view, 13> system_directories = {
    "bin", "boot", "etc", "lib", "lib32", "lib64", "libx32", "nix", "opt", "sbin", "sys", "usr", "var"};
/// What root's agent may write to besides; the directories that it works in are added.
constexpr std::array<std::string_view, 6> user_directories = {"home", "root", "tmp", "srv", "mnt", "media"};
/// Made anew instead of shown.
constexpr std::array<std::string_view, 3> replaced = {"proc", "dev", "run"};

/// Where the new root grows before it becomes "/": a directory that every machine has.
constexpr const char* building_site = "/tmp";

constexpr auto harmless = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr auto harmless_flags = static_cast<unsigned long>(MS_NOSUID | MS_NODEV);

/// Files of /proc that change the kernel or tell too much (what container runtimes cover, too).
constexpr std::array proc_read_only = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus",
                                       "/proc/fs",  "/proc/acpi",          "/proc/scsi"};
constexpr std::array proc_covered = {"/proc/kcore",         "/proc/keys",        "/proc/key-users",
                                     "/proc/latency_stats", "/proc/timer_list",  "/proc/sched_debug",
                                     "/proc/kmsg",          "/proc/kallsyms",    "/proc/kpagecount",
                                     "/proc/kpageflags",    "/proc/kpagecgroup", "/proc/vmallocinfo"};
constexpr std::array sys_covered = {"/sys/firmware", "/sys/kernel/debug", "/sys/kernel/tracing", "/sys/kernel/security",
                                    "/sys/fs/bpf"};
constexpr std::array devices = {"null", "zero", "full", "random", "urandom", "tty"};

constexpr const char* empty_file = inside_mark;

// glibc 2.36 declares these, but not for every flag that is wanted here.
int open_tree(const char* path, unsigned flags) noexcept {
  return static_cast<int>(::syscall(SYS_open_tree, AT_FDCWD, path, flags));
}
int move_mount(int tree, const char* target) noexcept {
  return static_cast<int>(::syscall(SYS_move_mount, tree, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH));
}
int set_attributes(int tree, const char* path, unsigned flags, std::uint64_t attributes) noexcept {
  mount_attr wanted{};
  wanted.attr_set = attributes;
  return static_cast<int>(::syscall(SYS_mount_setattr, tree, path, flags, &wanted, sizeof wanted));
}

bool is_not_there(int error) noexcept { return error == ENOENT || error == ENOTDIR || error == EACCES; }

/// A mount that is nowhere yet.
class Tree {
 public:
  explicit Tree(const char* path) noexcept
      : descriptor_{open_tree(path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE)} {}
  ~Tree() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Tree(Tree&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  Tree& operator=(Tree&&) = delete;
  [[nodiscard]] bool sound() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] bool restrict(std::uint64_t attributes) const noexcept {
    return set_attributes(descriptor_, "", AT_EMPTY_PATH | AT_RECURSIVE, attributes) == 0;
  }
  [[nodiscard]] bool is_directory() const noexcept {
    struct stat facts{};
    return ::fstat(descriptor_, &facts) == 0 && S_ISDIR(facts.st_mode);
  }
  [[nodiscard]] bool attach(const char* target) const noexcept { return move_mount(descriptor_, target) == 0; }

 private:
  int descriptor_;
};

Outcome failed(std::string_view path) noexcept { return Failure{Part::view, path}; }

bool make_directory(const std::string& path, mode_t mode = 0755) noexcept {
  return ::mkdir(path.c_str(), mode) == 0 || errno == EEXIST;
}

/// Every missing directory on the way to `path`, and the last one too if `whole`.
bool make_way(const std::string& path, bool whole) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    // What exists may be of a kind that cannot be written; it is good enough.
    if (!make_directory(path.substr(0, slash)) && errno != EROFS && errno != EACCES) return false;
  }
  return !whole || make_directory(path);
}

bool make_file(const std::string& path, std::string_view content, mode_t mode = 0444) noexcept {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (file < 0) return false;
  bool sound = true;
  while (sound && !content.empty()) {
    const auto size = ::write(file, content.data(), content.size());
    sound = size > 0;
    if (sound) content.remove_prefix(static_cast<std::size_t>(size));
  }
  ::close(file);
  return sound;
}

bool mount_memory(const std::string& target, const char* options, unsigned long flags = 0) noexcept {
  return ::mount("tmpfs", target.c_str(), "tmpfs", harmless_flags | flags, options) == 0;
}

bool seal(const char* path) noexcept { return set_attributes(AT_FDCWD, path, 0, MOUNT_ATTR_RDONLY) == 0; }

/// An entry of "/" on its way into the new root.
struct Entry {
  std::string name;
  std::string link;  ///< of a symbolic link
  std::vector<Tree> tree;
  bool is_directory = false;
};

/// One member after the other adds to the new root; each says what went wrong.
class Builder {
 public:
  explicit Builder(const View& view) : view_{view} {}

  Outcome build() {
    using Step = Outcome (Builder::*)();
    constexpr std::array<Step, 13> steps = {&Builder::take_top_level, &Builder::take_kept,   &Builder::lay_out,
                                            &Builder::add_proc,       &Builder::add_devices, &Builder::add_run,
                                            &Builder::move_in,        &Builder::settle,      &Builder::fix_directories,
                                            &Builder::make_read_only, &Builder::cover_all,   &Builder::show_again,
                                            &Builder::finish};
    for (const auto step : steps) {
      if (auto failure = (this->*step)()) return failure;
    }
    return {};
  }

 private:
  Outcome take_top_level();
  Outcome take_entry(const std::string& name);
  Outcome take_kept();
  Outcome lay_out();
  Outcome add_proc();
  Outcome add_devices();
  Outcome add_terminal(const std::string& dev);
  Outcome add_run();
  Outcome move_in();
  Outcome settle();
  Outcome fix_directories();
  Outcome make_read_only();
  Outcome cover_all();
  Outcome cover(const std::string& path);
  Outcome cover_kernel();
  Outcome add_certificates();
  Outcome overlay_files();
  Outcome show_again();
  Outcome finish();
  [[nodiscard]] bool has_exposed_below(const std::string& path) const;

  const View& view_;
  std::vector<Entry> top_level_;
  std::vector<Tree> exposed_;
  std::vector<Tree> writable_;
  std::vector<Tree> devices_;
  std::vector<Tree> certificates_;
  std::vector<std::string> to_seal_;
};

/// Copies of everything that is wanted are taken before anything is covered.
Outcome Builder::take_top_level() {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("/");
  const std::unique_ptr<DIR, int (*)(DIR*)> root{::opendir("/"), &::closedir};
  if (!root) return failed("/");
  while (const dirent* entry = ::readdir(root.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name == "." || name == ".." || std::ranges::find(replaced, name) != replaced.end()) continue;
    if (auto failure = take_entry(name)) return failure;
  }
  return {};
}

Outcome Builder::take_entry(const std::string& name) {
  const auto path = "/" + name;
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0) return is_not_there(errno) ? Outcome{} : failed(path);
  Entry entry{.name = name, .link = {}, .tree = {}, .is_directory = S_ISDIR(facts.st_mode)};
  if (S_ISLNK(facts.st_mode)) {
    std::array<char, PATH_MAX> target{};
    const auto size = ::readlink(path.c_str(), target.data(), target.size());
    if (size <= 0) return failed(path);
    entry.link.assign(target.data(), static_cast<std::size_t>(size));
  } else if (S_ISDIR(facts.st_mode) || S_ISREG(facts.st_mode)) {
    Tree tree{path.c_str()};
    const bool is_read_only = is_system_directory(name) || !entry.is_directory;
    const auto attributes = harmless | (is_read_only ? MOUNT_ATTR_RDONLY : 0U);
    if (!tree.sound() || !tree.restrict(attributes)) return is_not_there(errno) ? Outcome{} : failed(path);
    entry.tree.push_back(std::move(tree));
  } else {
    return {};
  }
  top_level_.push_back(std::move(entry));
  return {};
}

Outcome Builder::take_kept() {
  for (const auto& path : view_.exposed) {
    exposed_.emplace_back(path.c_str());
    const auto top_level = std::string_view{path}.substr(1, path.find('/', 1) - 1);
    const auto attributes = MOUNT_ATTR_NOSUID | (is_system_directory(top_level) ? MOUNT_ATTR_RDONLY : 0U);
    if (!exposed_.back().sound() || !exposed_.back().restrict(attributes)) return failed(path);
  }
  for (const auto& path : view_.writable) {
    writable_.emplace_back(path.c_str());
    if (!writable_.back().sound() || !writable_.back().restrict(harmless)) return failed(path);
  }
  for (const auto* name : devices) {
    devices_.emplace_back(("/dev/" + std::string{name}).c_str());
    if (!devices_.back().sound() || !devices_.back().restrict(MOUNT_ATTR_NOSUID)) return failed(name);
  }
  if (view_.certificates_directory.empty()) return {};
  certificates_.emplace_back(view_.certificates_directory.c_str());
  const auto& tree = certificates_.back();
  return tree.sound() && tree.restrict(harmless | MOUNT_ATTR_RDONLY) ? Outcome{} : failed(view_.certificates_directory);
}

Outcome Builder::lay_out() {
  const std::string site = building_site;
  if (!mount_memory(site, "mode=0755,size=16m")) return failed(site);
  for (const auto& entry : top_level_) {
    const auto target = site + "/" + entry.name;
    if (!entry.link.empty()) {
      if (::symlink(entry.link.c_str(), target.c_str()) != 0) return failed(target);
      continue;
    }
    const bool ready = entry.is_directory ? make_directory(target) : make_file(target, {});
    if (!ready || !entry.tree.front().attach(target.c_str())) return failed("/" + entry.name);
  }
  for (const auto name : replaced) {
    if (!make_directory(site + "/" + std::string{name})) return failed(name);
  }
  return {};
}

/// While the machine's own /proc is still there: the kernel allows a new one only to those who see an old one whole.
Outcome Builder::add_proc() {
  const auto target = std::string{building_site} + "/proc";
  const auto mounted = ::mount("proc", target.c_str(), "proc", harmless_flags | MS_NOEXEC, nullptr);
  return mounted == 0 ? Outcome{} : failed("/proc");
}

Outcome Builder::add_devices() {
  const auto dev = std::string{building_site} + "/dev";
  if (::mount("tmpfs", dev.c_str(), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755,size=64k") != 0) return failed("/dev");
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const auto target = dev + "/" + devices.at(i);
    if (!make_file(target, {}) || !devices_[i].attach(target.c_str())) return failed(devices.at(i));
  }
  constexpr std::array<std::array<const char*, 2>, 5> links = {{{"/proc/self/fd", "/fd"},
                                                                {"/proc/self/fd/0", "/stdin"},
                                                                {"/proc/self/fd/1", "/stdout"},
                                                                {"/proc/self/fd/2", "/stderr"},
                                                                {"pts/ptmx", "/ptmx"}}};
  for (const auto& [target, name] : links) {
    if (::symlink(target, (dev + name).c_str()) != 0) return failed(name);
  }
  if (!make_directory(dev + "/pts") || ::mount("devpts", (dev + "/pts").c_str(), "devpts", MS_NOSUID | MS_NOEXEC,
                                               "newinstance,ptmxmode=0666,mode=620") != 0) {
    return failed("/dev/pts");
  }
  if (!make_directory(dev + "/shm", 01777) || !mount_memory(dev + "/shm", "mode=1777")) return failed("/dev/shm");
  return add_terminal(dev);
}

/// The machine's /dev/pts is not there, but a program may ask what the terminal on its descriptors is called:
/// ttyname(3) finds it under this name.
Outcome Builder::add_terminal(const std::string& dev) {
  std::array<char, PATH_MAX> name{};
  if (::isatty(STDIN_FILENO) != 1 || ::ttyname_r(STDIN_FILENO, name.data(), name.size()) != 0) return {};
  const Tree terminal{name.data()};
  const auto target = dev + "/console";
  if (!terminal.sound()) return {};
  return make_file(target, {}) && terminal.attach(target.c_str()) ? Outcome{} : failed("/dev/console");
}

Outcome Builder::add_run() {
  const std::string site = building_site;
  const auto own = site + own_directory;
  if (!mount_memory(site + "/run", "mode=0755") || !make_directory(own) || !mount_memory(own, "mode=0755")) {
    return failed("/run");
  }
  if (!make_file(site + empty_file, {})) return failed(empty_file);
  if (!make_directory(site + private_temporary, 01777) || ::chmod((site + private_temporary).c_str(), 01777) != 0) {
    return failed(private_temporary);
  }
  for (const auto& [name, content] : view_.files) {
    if (!make_file(std::string{own}.append("/").append(name), content)) return failed(name);
  }
  if (!certificates_.empty() &&
      (!make_directory(own + "/system") || !certificates_.front().attach((own + "/system").c_str()))) {
    return failed(view_.certificates_directory);
  }
  to_seal_.emplace_back(own_directory);
  return {};
}

Outcome Builder::move_in() {
  if (::chdir(building_site) != 0 || ::syscall(SYS_pivot_root, ".", ".") != 0) return failed("pivot_root");
  // The old root lies on top of the new one now, and goes.
  if (::umount2(".", MNT_DETACH) != 0 || ::chdir("/") != 0) return failed("the old root");
  return {};
}

/// What needs the new paths: the runtime directory, and directories that stay writable.
Outcome Builder::settle() {
  const auto& runtime = view_.runtime_directory;
  if (!runtime.empty()) {
    const bool is_below_run = runtime.starts_with("/run/");
    const bool made = is_below_run ? make_way(runtime, true) && ::chmod(runtime.c_str(), 0700) == 0
                                   : mount_memory(runtime, "mode=0700");
    if (!made) return failed(runtime);
  }
  for (std::size_t i = 0; i < writable_.size(); ++i) {
    if (!writable_[i].attach(view_.writable[i].c_str())) return failed(view_.writable[i]);
  }
  return {};
}

/// A directory on which something is mounted stays where it is. Otherwise the agent could put another one in its place,
/// and the machine would take what is in there for its own.
Outcome Builder::fix_directories() {
  for (const auto& path : view_.fixed) {
    const Tree tree{path.c_str()};
    if (!tree.sound() && is_not_there(errno)) continue;
    if (!tree.sound() || !tree.attach(path.c_str())) return failed(path);
  }
  return {};
}

Outcome Builder::make_read_only() {
  for (const auto& path : view_.read_only) {
    const Tree tree{path.c_str()};
    if (!tree.sound() && is_not_there(errno)) continue;
    if (!tree.sound() || !tree.restrict(harmless | MOUNT_ATTR_RDONLY) || !tree.attach(path.c_str())) {
      return failed(path);
    }
  }
  return {};
}

bool Builder::has_exposed_below(const std::string& path) const {
  return std::ranges::any_of(view_.exposed, [&](const std::string& one) { return one.starts_with(path + "/"); });
}

Outcome Builder::cover(const std::string& path) {
  struct stat facts{};
  if (::lstat(path.c_str(), &facts) != 0) return is_not_there(errno) ? Outcome{} : failed(path);
  if (!S_ISDIR(facts.st_mode)) {
    const Tree empty{empty_file};
    return empty.sound() && empty.restrict(harmless | MOUNT_ATTR_RDONLY) && empty.attach(path.c_str()) ? Outcome{}
                                                                                                       : failed(path);
  }
  const bool stays_open = has_exposed_below(path);
  if (!mount_memory(path, "mode=0555,size=64k", stays_open ? 0 : MS_RDONLY)) return failed(path);
  if (stays_open) to_seal_.push_back(path);
  return {};
}

Outcome Builder::cover_kernel() {
  for (const auto* path : proc_read_only) {
    const Tree tree{path};
    if (!tree.sound() && is_not_there(errno)) continue;
    if (!tree.sound() || !tree.restrict(MOUNT_ATTR_RDONLY) || !tree.attach(path)) return failed(path);
  }
  for (const auto* path : proc_covered) {
    if (auto failure = cover(path)) return failure;
  }
  for (const auto* path : sys_covered) {
    if (auto failure = cover(path)) return failure;
  }
  return {};
}

Outcome Builder::cover_all() {
  if (auto failure = cover_kernel()) return failure;
  for (const auto& path : view_.covered) {
    if (auto failure = cover(path)) return failure;
  }
  if (auto failure = add_certificates()) return failure;
  return overlay_files();
}

/// Whoever looks for certificates in OpenSSL's directory finds the machine's by a link each, and the run's own.
Outcome Builder::add_certificates() {
  const auto& directory = view_.certificates_directory;
  if (directory.empty()) return {};
  const auto system = std::string{own_directory} + "/system";
  if (!mount_memory(directory, "mode=0755,size=1m")) return failed(directory);
  const std::unique_ptr<DIR, int (*)(DIR*)> machine{::opendir(system.c_str()), &::closedir};
  if (!machine) return failed(directory);
  const auto link = [&](const std::string& target, const std::string& name) {
    return ::symlink(target.c_str(), (directory + "/" + name).c_str()) == 0 || errno == EEXIST;
  };
  bool linked = true;
  for (const auto& name : view_.certificate_links) {
    linked = linked && link(std::string{own_directory} + "/" + authority_file, name);
  }
  for (const auto& [path, name] : view_.overlays) {
    if (path.starts_with(directory + "/") && path.find('/', directory.size() + 1) == std::string::npos) {
      linked = linked && link(std::string{own_directory} + "/" + name, path.substr(directory.size() + 1));
    }
  }
  while (const dirent* entry = ::readdir(machine.get())) {
    const std::string name = static_cast<const char*>(entry->d_name);
    if (name != "." && name != "..") linked = linked && link(std::string{system}.append("/").append(name), name);
  }
  to_seal_.push_back(directory);
  return linked ? Outcome{} : failed(directory);
}

/// Files that are shown in place of the machine's.
Outcome Builder::overlay_files() {
  for (const auto& [path, name] : view_.overlays) {
    const auto source = std::string{own_directory} + "/" + name;
    struct stat shown{};
    struct stat own{};
    if (::stat(source.c_str(), &own) != 0) return failed(source);
    const bool exists = ::stat(path.c_str(), &shown) == 0;
    if (exists && shown.st_dev == own.st_dev && shown.st_ino == own.st_ino) continue;
    // A link into /run may lead to what is not there any more.
    if (!exists && !(path.starts_with("/run/") && make_way(path, false) && make_file(path, {}))) return failed(path);
    const Tree file{source.c_str()};
    if (!file.sound() || !file.restrict(MOUNT_ATTR_RDONLY) || !file.attach(path.c_str())) return failed(path);
  }
  return {};
}

/// What the user exposed appears where it was, on top of what covers it.
Outcome Builder::show_again() {
  for (std::size_t i = 0; i < exposed_.size(); ++i) {
    const auto& path = view_.exposed[i];
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) {
      const bool ready =
          exposed_[i].is_directory() ? make_way(path, true) : make_way(path, false) && make_file(path, {});
      if (!ready) return failed(path);
    }
    if (!exposed_[i].attach(path.c_str())) return failed(path);
  }
  return {};
}

Outcome Builder::finish() {
  for (const auto& path : to_seal_) {
    if (!seal(path.c_str())) return failed(path);
  }
  if (!seal("/dev") || !seal("/")) return failed("/");
  return {};
}

}  // namespace

bool is_system_directory(std::string_view top_level_name) noexcept {
  if (std::ranges::find(system_directories, top_level_name) != system_directories.end()) return true;
  // Permissions keep ordinary users from what else there may be; for root nothing does.
  return ::geteuid() == 0 && std::ranges::find(user_directories, top_level_name) == user_directories.end();
}

Outcome enter_private_root(const View& view) { return Builder{view}.build(); }

}  // namespace runagents::fence
