#include "cli/apply/applier.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <ostream>
#include <utility>

#include "cli/nearest.hpp"
#include "cli/objects/kinds.hpp"
#include "cli/objects/published_shapes.hpp"
#include "cli/run/agent_identity.hpp"
#include "cli/secrets/secret_value.hpp"
#include "core/config/private_file.hpp"
#include "core/config/words.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;
using api::Target;
using api::text_of;

Target target_of(const ResourceKind& kind, const std::string& name) { return Target{kind.object().path}.segment(name); }

bool is_account(const ResourceKind& kind) { return kind.word == "AgentAccount"; }
bool is_server(const ResourceKind& kind) { return kind.word == "Server"; }

Result<void> check_members(const ResourceKind& kind, const Manifest& manifest) {
  for (const auto& [name, value] : manifest.spec.items()) {
    if (std::ranges::find(kind.members, name) != kind.members.end()) continue;
    if (is_server(kind) && name == "secret") continue;
    return fail(ErrorCode::usage, fmt::format("{}: the spec of kind {} has no \"{}\"", manifest.place, kind.word, name),
                did_you_mean(name, kind.members));
  }
  if (!manifest.name.empty() || kind.upsert == Upsert::delegation) return {};
  return fail(ErrorCode::usage, manifest.place + ": it has no name", "give it one: metadata.name");
}

/// A manifest that does not speak of labels leaves them.
void add_labels(std::vector<Difference>& changes, const ResourceKind& kind, const Json& present,
                const Manifest& manifest) {
  if (kind.upsert != Upsert::document || manifest.labels.is_null()) return;
  auto is = present.value("labels", Json::object());
  if (is != manifest.labels) changes.push_back({"labels", std::move(is), manifest.labels});
}

Json without_secret(Json object) {
  for (const auto* member : {"client_secret", "secret"}) object.erase(member);
  return object;
}

}  // namespace

Result<Applied> Applier::apply(const ResourceKind& kind, Manifest manifest) {
  manifest.spec = stored_shape(kind, manifest.spec);
  if (auto fit = check_members(kind, manifest); !fit) return std::unexpected(std::move(fit.error()));
  if (kind.upsert == Upsert::delegation) return apply_delegation(kind, manifest);
  const auto known = present(kind, manifest);
  if (!known) return std::unexpected(known.error());
  if (known->is_null()) {
    Applied created{.action = "created", .differences = differences(kind, Json::object(), manifest.spec), .object = {}};
    auto object =
        options_.dry_run ? Result<Json>{without_secret(manifest.spec)} : create(kind, manifest, Json::object());
    if (!object) return std::unexpected(std::move(object.error()));
    created.object = std::move(*object);
    return created;
  }
  if (options_.only_new) {
    return fail(ErrorCode::conflict, fmt::format("there is a {} \"{}\" already", kind.object().what, manifest.name),
                "runagents apply changes what is there");
  }
  auto changes = differences(kind, spec_of(kind, *known), manifest.spec);
  add_labels(changes, kind, *known, manifest);
  if (sends_secret(manifest, *known)) changes.push_back({"secret", nullptr, manifest.spec["secret"]});
  if (changes.empty()) return Applied{.action = "left", .differences = {}, .object = *known};
  auto object = options_.dry_run ? known : change(kind, manifest, *known, changes);
  if (!object) return std::unexpected(object.error());
  return Applied{.action = "changed", .differences = std::move(changes), .object = *std::move(object)};
}

/// Null when there is none.
Result<Json> Applier::present(const ResourceKind& kind, const Manifest& manifest) {
  auto found = client_.get(target_of(kind, manifest.name));
  if (found) return found;
  if (found.error().code == ErrorCode::not_found) return Json{};
  return found;
}

bool Applier::sends_secret(const Manifest& manifest, const Json& present) const {
  return manifest.spec.contains("secret") && (options_.sends_secrets || !api::is_set(present, "has_secret"));
}

Result<Json> Applier::body_with_secret(const ResourceKind& kind, const Manifest& manifest, Json body) {
  if (!is_server(kind) || !manifest.spec.contains("secret")) return body;
  const auto secret = secret_value(text_of(manifest.spec, "secret"), context_);
  if (!secret) {
    return fail(secret.error().code, fmt::format("{}: {}", manifest.place, secret.error().message),
                secret.error().hint);
  }
  body["secret"] = secret->reveal();
  return body;
}

Result<Json> Applier::create(const ResourceKind& kind, const Manifest& manifest, const Json& present) {
  if (has_spec(kind.upsert)) {
    Json whole = {{"name", manifest.name}, {"spec", manifest.spec}};
    auto labels = manifest.labels.is_null() ? present.value("labels", Json::object()) : manifest.labels;
    if (kind.upsert == Upsert::document) whole["labels"] = std::move(labels);
    return client_.put(target_of(kind, manifest.name), whole);
  }
  Json body = {{kind.name_member, manifest.name}};
  body.update(manifest.spec);
  if (kind.upsert == Upsert::put) return client_.put(target_of(kind, manifest.name), body);
  auto whole = body_with_secret(kind, manifest, std::move(body));
  if (!whole) return whole;
  if (is_account(kind)) return create_account(kind, manifest, *whole);
  return client_.post(Target{kind.object().path}, *whole);
}

Result<Json> Applier::create_account(const ResourceKind& kind, const Manifest& manifest, const Json& body) {
  if (auto can = can_keep_secret(manifest.name); !can) return std::unexpected(std::move(can.error()));
  auto account = client_.post(Target{kind.object().path}, body);
  if (!account) return account;
  if (auto kept = keep_secret(*account); !kept) return std::unexpected(std::move(kept.error()));
  if (manifest.spec.value("is_active", Json{}) == false) {
    return client_.patch(target_of(kind, text_of(*account, "id")), {{"is_active", false}});
  }
  return account;
}

Result<void> Applier::can_keep_secret(const std::string& name) const {
  if (options_.secret_directory.empty()) {
    if (config::is_name("account." + name + ".secret")) return {};
    return fail(ErrorCode::usage, fmt::format("the encrypted store cannot keep the secret of \"{}\"", name),
                "name a directory for secrets: --secret-dir DIR");
  }
  std::error_code error;
  if (std::filesystem::is_directory(context_.working_directory / options_.secret_directory, error)) return {};
  return fail(ErrorCode::usage, "--secret-dir: " + options_.secret_directory + " is no directory");
}

/// What cannot be kept after all is shown: it is not shown again.
Result<void> Applier::keep_secret(Json& account) {
  const auto name = text_of(account, "name");
  const config::Secret value{text_of(account, "client_secret")};
  account.erase("client_secret");
  Result<void> kept;
  if (options_.secret_directory.empty()) {
    kept = remember_account(name, text_of(account, "client_id"), value, context_);
  } else {
    const auto file = context_.working_directory / options_.secret_directory / (name + ".secret");
    kept = config::replace_private_file(file, std::string{value.reveal()} + "\n");
  }
  if (kept) {
    context_.terminal.err << fmt::format("the secret of {} is in {}\n", name,
                                         options_.secret_directory.empty()
                                             ? fmt::format("the encrypted store (--account {})", name)
                                             : options_.secret_directory + "/" + name + ".secret");
    return {};
  }
  context_.terminal.err << value.reveal() << '\n';
  return fail(kept.error().code, kept.error().message,
              fmt::format("the secret of {} stands above; it is shown once", name));
}

Result<Json> Applier::change(const ResourceKind& kind, const Manifest& manifest, const Json& present,
                             const std::vector<Difference>& differences) {
  if (kind.upsert != Upsert::patch) return create(kind, manifest, present);
  Json body = Json::object();
  for (const auto& one : differences) {
    if (one.member != "secret") body[one.member] = one.wanted;
  }
  // How a credential is sent depends on its type: one is not read without the other.
  if (body.contains("auth") || body.contains("auth_type")) {
    for (const auto* member : {"auth_type", "auth"}) {
      if (manifest.spec.contains(member)) body[member] = manifest.spec[member];
    }
  }
  auto whole = sends_secret(manifest, present) ? body_with_secret(kind, manifest, std::move(body)) : Result<Json>{body};
  if (!whole) return whole;
  return client_.patch(target_of(kind, text_of(present, "id")), *whole);
}

}  // namespace runagents::cli
