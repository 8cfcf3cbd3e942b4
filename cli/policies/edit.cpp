#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "cli/apply/applier.hpp"
#include "cli/apply/manifest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/output/yaml.hpp"
#include "cli/policies/stored.hpp"
#include "cli/text_input.hpp"
#include "core/config/directories.hpp"
#include "core/config/private_file.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::text_of;

/// A file of this process's own, gone with this object.
class DraftFile {
 public:
  static Result<DraftFile> create(const std::string& text, const Context& context) {
    const auto directories = context.directories();
    if (!directories) return std::unexpected(directories.error());
    if (auto made = config::make_private_directory(directories->cache); !made) return std::unexpected(made.error());
    DraftFile draft{directories->cache / fmt::format("draft-{}.yaml", ::getpid())};
    if (auto written = config::replace_private_file(draft.path_, text); !written) {
      return std::unexpected(std::move(written.error()));
    }
    return draft;
  }
  ~DraftFile() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove(path_, ignored);
  }
  DraftFile(DraftFile&& other) noexcept : path_{std::exchange(other.path_, {})} {}
  DraftFile& operator=(DraftFile&&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  explicit DraftFile(std::filesystem::path path) : path_{std::move(path)} {}
  std::filesystem::path path_;
};

std::string editor_of(const Context& context) {
  for (const auto* name : {"VISUAL", "EDITOR"}) {
    if (auto editor = context.environment(name).value_or(""); !editor.empty()) return editor;
  }
  return "vi";
}

/// The editor's command may have flags: the shell splits it, as it does for every program that starts one.
Result<void> run_editor(const std::filesystem::path& file, const Context& context) {
  const auto editor = editor_of(context);
  std::array<std::string, 5> words{"sh", "-c", editor + " \"$1\"", "sh", file.string()};
  const std::array<char*, 6> arguments{words[0].data(), words[1].data(), words[2].data(),
                                       words[3].data(), words[4].data(), nullptr};
  context.terminal.out.flush();
  pid_t child = -1;
  const int number = ::posix_spawnp(&child, "sh", nullptr, nullptr, arguments.data(), ::environ);
  if (number != 0) return fail(ErrorCode::internal, fmt::format("sh cannot be started: {}", std::strerror(number)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return fail(ErrorCode::internal, "the editor's end was not seen");
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return fail(ErrorCode::internal, fmt::format("the editor \"{}\" failed; nothing was changed", editor),
              "set EDITOR to the one that you use");
}

}  // namespace

Outcome edit_policy(const PolicyEdit& options, Context& context) {
  auto client = client_for_changes(context);
  if (!client) return std::unexpected(client.error());
  const auto policy = find_object(policy_kind(), options.name, *client);
  if (!policy) return std::unexpected(policy.error());
  const auto name = text_of(*policy, "name");
  const auto kind = find_resource_kind("Policy");
  if (!kind) return std::unexpected(kind.error());
  const auto before = output::to_yaml({{"name", name}, {"spec", policy->value("spec", Json::object())}});
  const auto draft = DraftFile::create(before, context);
  if (!draft) return std::unexpected(draft.error());
  if (auto edited = run_editor(draft->path(), context); !edited) return std::unexpected(std::move(edited.error()));
  const auto text = file_input(draft->path().string(), context);
  if (!text) return std::unexpected(text.error());
  if (*text == before) {
    context.terminal.err << "nothing was changed\n";
    return 0;
  }
  const auto manifests = read_manifests(*text, "the edited text", {.kind = "Policy", .name = {}});
  if (!manifests) return std::unexpected(manifests.error());
  if (manifests->size() != 1 || manifests->front().name != name) {
    return fail(ErrorCode::usage, fmt::format("the edited text is no longer the policy \"{}\"", name));
  }
  const auto now = client->get(api::Target{policy_kind().path}.segment(name));
  if (!now) return std::unexpected(now.error());
  if (now->value("version", Json{}) != policy->value("version", Json{})) {
    return fail(ErrorCode::conflict, fmt::format("somebody else has changed the policy \"{}\" meanwhile", name),
                "nothing was changed; edit it once more");
  }
  const ApplyOptions applying{.dry_run = options.dry_run};
  if (options.dry_run) say_dry_run(context);
  const auto applied = Applier{applying, *client, context}.apply(**kind, manifests->front());
  if (!applied) return std::unexpected(applied.error());
  return print_object(policy_kind(), applied->object,
                      fmt::format("{}{} {}\n", options.dry_run ? "would be " : "", applied->action, name), context);
}

}  // namespace runagents::cli
