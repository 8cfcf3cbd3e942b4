#include <algorithm>
#include <cstdlib>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/command_line.hpp"
#include "core/config/command_output.hpp"
#include "core/config/control.hpp"
#include "core/config/file_content.hpp"
#include "core/config/keyring.hpp"
#include "core/config/secret.hpp"

namespace runagents::config {
namespace {

using model::SecretReference;
using Kind = SecretReference::Kind;

std::unexpected<Error> refuse(const SecretReference& reference, ErrorCode code, const std::string& reason,
                              std::string hint = {}) {
  return fail(code, reference.to_string() + " " + reason, std::move(hint));
}

Result<Secret> accept(const SecretReference& reference, std::string& text) {
  auto secret = secret_in(text);
  if (!secret) return refuse(reference, secret.error().code, secret.error().message);
  return secret;
}

Result<Secret> resolve_env(const SecretReference& reference) {
  const char* value = std::getenv(reference.value.c_str());
  if (value == nullptr) {
    return refuse(reference, ErrorCode::not_found, "names a variable that is not set",
                  "set " + reference.value + " in the environment of runagents");
  }
  std::string text{value};
  return accept(reference, text);
}

std::filesystem::path path_of(std::string_view text, const std::filesystem::path& directory) {
  const char* home = std::getenv("HOME");
  if (text.starts_with("~/") && home != nullptr) return std::filesystem::path{home} / text.substr(2);
  return directory / text;
}

Result<Secret> resolve_file(const SecretReference& reference, const std::filesystem::path& directory) {
  const auto path = path_of(reference.value, directory);
  const auto file = OpenFile::open(path);
  if (!file) return refuse(reference, file.error().code, "leads nowhere: " + file.error().message);
  const auto& status = file->status();
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return refuse(reference, ErrorCode::configuration, "leads to a file that group or others can use",
                  "chmod 600 " + path.string());
  }
  if (::geteuid() != 0 && status.st_uid != ::geteuid() && status.st_uid != 0) {
    return refuse(reference, ErrorCode::configuration, "leads to a file of another user");
  }
  auto text = file->read(max_secret_bytes);
  if (!text) return refuse(reference, text.error().code, "cannot be read: " + text.error().message);
  return accept(reference, *text);
}

Result<Secret> resolve_exec(const SecretReference& reference, const std::filesystem::path& directory,
                            std::chrono::milliseconds time_limit) {
  const auto command = split_command(reference.value);
  if (!command) return refuse(reference, command.error().code, "cannot be run: " + command.error().message);
  auto text = command_output(*command, directory, time_limit, max_secret_bytes);
  if (!text) return refuse(reference, text.error().code, "gives no value: " + text.error().message);
  const auto end = std::min(text->find('\n'), text->size());
  OPENSSL_cleanse(text->data() + end, text->size() - end);
  text->resize(end);
  if (text->ends_with('\r')) text->pop_back();
  return accept(reference, *text);
}

Result<Secret> resolve_stored(const SecretReference& reference, const StoredSecrets& stored) {
  if (!stored) return refuse(reference, ErrorCode::unavailable, "needs the encrypted store, which is not open here");
  auto secret = stored(reference.value);
  if (!secret) {
    return refuse(reference, secret.error().code, "gives no value: " + secret.error().message, secret.error().hint);
  }
  return secret;
}

}  // namespace

Result<Secret> secret_in(std::string& text) {
  std::string_view value{text};
  while (value.ends_with('\n')) {
    value.remove_suffix(1);
    if (value.ends_with('\r')) value.remove_suffix(1);
  }
  const bool unfit = std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; });
  Secret secret{std::string{value}};
  wipe(text);
  if (unfit) return fail(ErrorCode::configuration, "gives a value of several lines or with a control character");
  if (secret.empty()) return fail(ErrorCode::configuration, "gives an empty value");
  if (secret.reveal().size() > max_secret_bytes) {
    return fail(ErrorCode::configuration, "gives a value of more than 64 KiB");
  }
  return secret;
}

Result<Secret> resolve(const SecretReference& reference, const std::filesystem::path& directory,
                       std::chrono::milliseconds time_limit, const StoredSecrets& stored) {
  switch (reference.kind) {
    case Kind::env:
      return resolve_env(reference);
    case Kind::file:
      return resolve_file(reference, directory);
    case Kind::exec:
      return resolve_exec(reference, directory, time_limit);
    case Kind::store:
      return resolve_stored(reference, stored);
    case Kind::keyring:
      break;
  }
  auto secret = secret_in_keyring(reference.value, time_limit);
  if (!secret) return refuse(reference, secret.error().code, secret.error().message, secret.error().hint);
  return secret;
}

}  // namespace runagents::config
