#include "core/config/secret.hpp"

#include <algorithm>
#include <array>
#include <openssl/crypto.h>
#include <utility>

#include "core/config/command_line.hpp"
#include "core/config/control.hpp"
#include "core/config/suggestion.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using Kind = model::SecretReference::Kind;

constexpr std::array<Kind, 5> kinds = {Kind::env, Kind::file, Kind::store, Kind::exec, Kind::keyring};

std::unexpected<Error> refuse(std::string message, std::string hint) {
  return fail(ErrorCode::configuration, std::move(message), std::move(hint));
}

std::unexpected<Error> refuse_literal(std::string_view scheme) {
  std::vector<std::string_view> words;
  words.reserve(kinds.size());
  for (const auto kind : kinds) words.push_back(model::word(kind));
  if (const auto suggestion = did_you_mean(scheme, words); !suggestion.empty() && !scheme.empty()) {
    return refuse("is not a secret reference", suggestion);
  }
  return refuse("must be a secret reference, not the secret itself",
                "store the value with \"runagents secrets set NAME\", then write \"store:NAME\"");
}

Result<void> check_value(Kind kind, std::string_view value) {
  switch (kind) {
    case Kind::env:
      if (is_variable_name(value)) return {};
      return refuse("env: is not followed by the name of a variable", "write it like \"env:STRIPE_API_KEY\"");
    case Kind::file:
      if (!value.empty() && !has_control(value)) return {};
      return refuse("file: is not followed by a path", "write it like \"file:stripe.secret\"");
    case Kind::store:
      if (is_name(value)) return {};
      return refuse("store: is not followed by a name", "write it like \"store:stripe\"");
    case Kind::exec:
      if (auto words = split_command(value); !words) return std::unexpected(std::move(words.error()));
      return {};
    case Kind::keyring: {
      const auto slash = value.find('/');
      const bool complete = slash != value.npos && slash > 0 && slash + 1 < value.size();
      if (complete && !has_control(value)) return {};
      return refuse("keyring: is not followed by SERVICE/ACCOUNT", "write it like \"keyring:stripe/billing\"");
    }
  }
  return refuse("is not a secret reference", {});
}

}  // namespace

Result<model::SecretReference> parse_secret_reference(std::string_view text) {
  const auto colon = text.find(':');
  const auto scheme = colon == text.npos ? std::string_view{} : text.substr(0, colon);
  const auto* kind = std::ranges::find(kinds, scheme, [](Kind one) { return model::word(one); });
  if (kind == kinds.end()) return refuse_literal(scheme);
  const auto value = text.substr(colon + 1);
  if (value.contains('\0')) return refuse("holds a NUL character", {});
  if (auto checked = check_value(*kind, value); !checked) return std::unexpected(std::move(checked.error()));
  return model::SecretReference{*kind, std::string{value}};
}

// Everything that the string has room for: a short one keeps its bytes in place when its value goes elsewhere.
void wipe(std::string& text) noexcept {
  text.resize(text.capacity());
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

Secret::Secret(std::string value) noexcept {
  value_.swap(value);
  wipe(value);
}

Secret::~Secret() { wipe(value_); }

Secret::Secret(Secret&& other) noexcept {
  value_.swap(other.value_);
  wipe(other.value_);
}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this != &other) {
    wipe(value_);
    value_.swap(other.value_);
    wipe(other.value_);
  }
  return *this;
}

}  // namespace runagents::config
