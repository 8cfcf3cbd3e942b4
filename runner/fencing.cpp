#include "runner/fencing.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <pwd.h>
#include <set>
#include <unistd.h>

#include "core/policy/target.hpp"
#include "runner/fence/view.hpp"
#include "runner/running.hpp"
#include "runner/trust.hpp"

namespace runagents {
namespace {

namespace fs = std::filesystem;

/// Above the ports that the kernel gives to outgoing connections and that people choose for their own servers.
constexpr std::uint16_t first_own_port = 61000;
constexpr std::uint16_t resolver_port = 53;

std::string host_name() {
  std::string name(256, '\0');
  if (::gethostname(name.data(), name.size() - 1) != 0) return {};
  name.resize(name.find('\0'));
  return name;
}

std::string hosts_file() {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";
  if (const auto name = host_name(); !name.empty() && name != "localhost") text += "127.0.1.1 " + name + "\n";
  return text;
}

/// The addresses on which a tool's own port has to be open.
std::vector<std::string> addresses_of(const model::Tool& tool, const egress::Names& names) {
  const auto& host = tool.base_url.host;
  if (host == "localhost") return {"127.0.0.1", "::1"};
  const auto address = names.address_of(host);
  return {address ? address->to_string() : host};
}

/// Names that the machine itself knows lead elsewhere; inside, the resolver's answers count.
void overlay_network_files(fence::View& view) {
  view.files.emplace_back("hosts", hosts_file());
  view.files.emplace_back("resolv.conf", "nameserver 127.0.0.1\noptions edns0\n");
  for (const auto* name : {"hosts", "resolv.conf"}) {
    std::error_code error;
    const auto path = fs::canonical(fs::path{"/etc"} / name, error);
    if (!error) view.overlays.emplace_back(path.string(), name);
  }
}

void add_file(std::vector<std::string>& files, const std::optional<model::SecretReference>& secret,
              const fs::path& directory) {
  if (!secret || secret->kind != model::SecretReference::Kind::file) return;
  files.push_back((directory / secret->value).lexically_normal().string());
}

std::vector<std::string> secret_files(const model::Project& project) {
  std::vector<std::string> files;
  for (const auto& tool : project.tools) {
    for (const auto& reference : tool.auth.references()) add_file(files, reference, project.directory);
  }
  for (const auto& provider : project.providers) {
    for (const auto& reference : provider.upstream.auth.references()) add_file(files, reference, project.directory);
  }
  return files;
}

/// Variables that name files or directories with credentials; some of them are lists.
constexpr std::array credential_paths = {"KUBECONFIG",
                                         "AWS_SHARED_CREDENTIALS_FILE",
                                         "AWS_CONFIG_FILE",
                                         "AWS_WEB_IDENTITY_TOKEN_FILE",
                                         "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                         "GOOGLE_APPLICATION_CREDENTIALS",
                                         "CLOUDSDK_CONFIG",
                                         "AZURE_CONFIG_DIR",
                                         "DOCKER_CONFIG",
                                         "GH_CONFIG_DIR",
                                         "GNUPGHOME",
                                         "NETRC",
                                         "PGPASSFILE",
                                         "PGSERVICEFILE",
                                         "NPM_CONFIG_USERCONFIG",
                                         "PIP_CONFIG_FILE",
                                         "PASSWORD_STORE_DIR",
                                         "VAULT_TOKEN_PATH",
                                         "BOTO_CONFIG",
                                         "KRB5CCNAME",
                                         "KRB5_KTNAME",
                                         "OP_CONFIG_DIR",
                                         "GIT_CREDENTIALS_FILE",
                                         "REGISTRY_AUTH_FILE"};

std::vector<std::string> credential_files(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> files;
  for (const auto* name : credential_paths) {
    const auto found = environment.find(name);
    std::string_view rest = found == environment.end() ? std::string_view{} : std::string_view{found->second};
    while (!rest.empty()) {
      auto one = rest.substr(0, rest.find(':'));
      rest.remove_prefix(std::min(rest.size(), one.size() + 1));
      if (one.starts_with('/')) files.emplace_back(one);
    }
  }
  // Below the directories that stand for ~/.config and ~/.local/share.
  for (const auto* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME"}) {
    const auto found = environment.find(name);
    if (found == environment.end() || !found->second.starts_with('/')) continue;
    for (const auto* below :
         {"gh", "hub", "glab-cli", "gcloud", "doctl", "op", "sops", "age", "rclone", "git/credentials",
          "containers/auth.json", "google-chrome", "chromium", "keyrings", "kwalletd", "gopass"}) {
      files.push_back(found->second + "/" + below);
    }
  }
  return files;
}

std::vector<std::string> home_directories(const std::map<std::string, std::string>& environment) {
  std::vector<std::string> homes;
  if (const auto home = environment.find("HOME"); home != environment.end()) homes.push_back(home->second);
  const passwd* account = ::getpwuid(::geteuid());
  const bool is_another =
      account != nullptr && account->pw_dir != nullptr && (homes.empty() || homes[0] != account->pw_dir);
  if (is_another) homes.emplace_back(account->pw_dir);
  return homes;
}

}  // namespace

std::string current_directory() {
  std::error_code error;
  return fs::current_path(error).string();
}

Fencing plan_doors(const egress::Snapshot& snapshot) {
  Fencing fencing;
  std::set<std::uint16_t> used;
  std::set<std::pair<std::string, std::uint16_t>> open;
  const auto add = [&](const std::string& address, std::uint16_t port, const PlannedDoor& door) {
    if (!open.emplace(address, port).second) return;
    fencing.plan.listeners.push_back({.address = address, .port = port, .datagrams = false});
    fencing.doors.push_back(door);
  };
  // Programs that use the tools' own URLs.
  const PlannedDoor transparent{egress::Door::transparent, nullptr, {}};
  for (const auto port : egress::ports_open_everywhere) add("::", port, transparent);
  for (const auto* tool : snapshot.evaluator.tools()) {
    const auto port = tool->base_url.port;
    used.insert(port);
    if (tool->base_url.scheme == "builtin" || egress::is_open_everywhere(port)) continue;
    for (const auto& address : addresses_of(*tool, snapshot.names)) add(address, port, transparent);
  }
  std::uint16_t next = first_own_port;
  const auto own_port = [&] {
    while (used.contains(next)) ++next;
    return next++;
  };
  const auto add_own = [&](egress::Door door, const model::Tool* tool) {
    const auto port = own_port();
    add("127.0.0.1", port, {door, tool, "127.0.0.1:" + std::to_string(port)});
  };
  add_own(egress::Door::forward, nullptr);
  for (const auto* tool : snapshot.evaluator.tools()) add_own(egress::Door::alias, tool);
  if (!snapshot.evaluator.project().providers.empty()) add_own(egress::Door::gateway, nullptr);
  fencing.plan.listeners.push_back({.address = "::", .port = resolver_port, .datagrams = true});
  fencing.plan.listeners.push_back({.address = "::", .port = resolver_port, .datagrams = false});
  return fencing;
}

std::map<std::string, std::string> fence_variables(const std::map<std::string, std::string>& inherited) {
  const auto options = inherited.find("JAVA_TOOL_OPTIONS");
  auto variables = trust_variables(fence::own_directory, options == inherited.end() ? "" : options->second);
  // Here a program can have sockets of its own.
  variables["TMPDIR"] = fence::private_temporary;
  return variables;
}

Result<fence::View> view_for(const RunOptions& options) {
  const auto environment = inherited_environment();
  fence::ViewRequest request;
  request.homes = home_directories(environment);
  request.working_directory = options.working_directory.empty() ? current_directory() : options.working_directory;
  if (request.working_directory.empty()) {
    return fail(ErrorCode::configuration, "the working directory does not exist any more", "go to one that does");
  }
  request.project_directory = options.project.directory.string();
  const auto runtime = environment.find("XDG_RUNTIME_DIR");
  if (runtime != environment.end()) request.runtime_directory = runtime->second;
  request.project_files = {options.project.file.string()};
  request.credentials = credential_files(environment);
  request.never_shown = secret_files(options.project);
  // Their paths are absolute, or belong to the configuration.
  for (const auto& secret : options.own_secrets)
    add_file(request.never_shown, secret, options.directories.configuration);
  const auto& own = options.directories;
  for (const auto& directory : {own.configuration, own.data, own.cache, own.runtime}) {
    request.never_shown.push_back(directory.string());
  }
  request.mask = options.mask;
  request.expose = options.expose;
  return fence::make_view(request);
}

Result<void> plan_view(Fencing& fencing, const RunOptions& options, const http::CertificateAuthority& authority,
                       launch::DoorUrls& urls) {
  const auto& own = options.directories;
  // They must be there to be covered, or the agent could make them.
  for (const auto& directory : {own.configuration, own.data, own.cache}) {
    if (auto made = config::make_private_directory(directory); !made) return made;
  }
  auto view = view_for(options);
  if (!view) return std::unexpected(view.error());
  const bool keeps_roots = std::ranges::any_of(
      options.project.tools, [](const model::Tool& tool) { return tool.tls == model::Tls::passthrough; });
  urls.fence = fence_variables(inherited_environment());
  auto trust = make_trust(authority, keeps_roots);
  if (!trust) return std::unexpected(trust.error());
  view->files = std::move(trust->files);
  view->overlays = std::move(trust->overlays);
  view->certificates_directory = certificates_directory();
  view->certificate_links = {authority.hash_link()};
  overlay_network_files(*view);
  fencing.plan.writable = fence::writable_directories(*view);
  fencing.plan.view = std::move(*view);
  return {};
}

}  // namespace runagents
