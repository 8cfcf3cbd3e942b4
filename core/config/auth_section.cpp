#include <algorithm>
#include <array>
#include <cstdint>

#include "core/ascii.hpp"
#include "core/config/membership.hpp"
#include "core/config/references.hpp"
#include "core/config/secret.hpp"
#include "core/config/sections.hpp"
#include "core/config/url.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::Auth;
using model::AuthType;

/// The keys of one type of authentication, "type" aside.
struct AuthKeys {
  AuthType type;
  std::array<std::string_view, 3> required;
  std::array<std::string_view, 13> optional;
};

constexpr std::array auth_keys = {
    AuthKeys{AuthType::none, {}, {}},
    AuthKeys{AuthType::api_key, {"name", "secret"}, {"in", "prefix"}},
    AuthKeys{AuthType::basic, {"username", "secret"}, {}},
    AuthKeys{AuthType::bearer, {"secret"}, {}},
    AuthKeys{AuthType::oauth2,
             {"token_url", "client_id"},
             {"auth_url", "scopes", "client_secret", "client_auth", "grants", "refresh_token", "issuer", "audience",
              "resource", "auth_params", "revocation_url", "redirect_port", "ca_file"}},
    AuthKeys{AuthType::aws_sigv4, {"service"}, {"region", "profile", "secret"}},
    AuthKeys{AuthType::agent_token, {}, {"on_behalf_of"}},
};

constexpr std::array types = {
    Word<AuthType>{"none", AuthType::none},
    Word<AuthType>{"api_key", AuthType::api_key},
    Word<AuthType>{"basic", AuthType::basic},
    Word<AuthType>{"bearer", AuthType::bearer},
    Word<AuthType>{"oauth2", AuthType::oauth2},
    Word<AuthType>{"aws_sigv4", AuthType::aws_sigv4},
    Word<AuthType>{"agent_token", AuthType::agent_token},
};

constexpr std::array places = {Word<Auth::Place>{"header", Auth::Place::header},
                               Word<Auth::Place>{"query", Auth::Place::query}};

constexpr std::array client_auths = {
    Word<model::ClientAuth>{"none", model::ClientAuth::none},
    Word<model::ClientAuth>{"client_secret_basic", model::ClientAuth::client_secret_basic},
    Word<model::ClientAuth>{"client_secret_post", model::ClientAuth::client_secret_post}};

constexpr std::array oauth_grants = {
    Word<model::OAuthGrant>{"authorization_code", model::OAuthGrant::authorization_code},
    Word<model::OAuthGrant>{"refresh_token", model::OAuthGrant::refresh_token},
    Word<model::OAuthGrant>{"client_credentials", model::OAuthGrant::client_credentials},
    Word<model::OAuthGrant>{"token_exchange", model::OAuthGrant::token_exchange}};

constexpr std::array principals = {Word<std::string_view>{"end_user", "end_user"}};

template <std::string Auth::* member>
void read_text(const Value& value, Auth& auth) {
  auth.*member = value.text();
}

void read_type(const Value& value, Auth& auth) {
  if (const auto type = read_word(value, types)) auth.type = *type;
}

void read_place(const Value& value, Auth& auth) {
  if (const auto place = read_word(value, places)) auth.place = *place;
}

void read_principal(const Value& value, Auth& auth) {
  if (const auto principal = read_word(value, principals)) auth.on_behalf_of = *principal;
}

template <std::string Auth::* member>
void read_url(const Value& value, Auth& auth) {
  if (auto url = read_service_url(value)) auth.*member = *std::move(url);
}

template <std::optional<model::SecretReference> Auth::* member>
void read_reference(const Value& value, Auth& auth) {
  read_secret(value, auth.*member);
}

void read_client_auth(const Value& value, Auth& auth) {
  if (const auto method = read_word(value, client_auths)) auth.client_auth = *method;
}

void read_grants(const Value& value, Auth& auth) {
  for (const auto& item : value.items()) {
    if (const auto grant = read_word(item, oauth_grants)) auth.grants.push_back(*grant);
  }
}

void read_redirect_port(const Value& value, Auth& auth) {
  constexpr std::uint32_t first_unprivileged = 1024;
  const bool in_range = value.integer() >= first_unprivileged && value.integer() <= 65535;
  if (!in_range) return value.report("must be from 1024 to 65535");
  auth.redirect_port = static_cast<std::uint16_t>(value.integer());
}

/// What the flow itself says cannot be said a second time (RFC 6749, 3.1).
void read_auth_params(const Value& value, Auth& auth) {
  constexpr std::array<std::string_view, 12> own = {
      "response_type", "client_id",      "client_secret",         "redirect_uri", "scope",   "state",
      "audience",      "code_challenge", "code_challenge_method", "resource",     "request", "response_mode"};
  for (const auto& member : value.members()) {
    if (!member.check(Shape::prose)) continue;
    if (is_among(member.name(), own)) {
      member.report_at_key("is a parameter that is set by the program");
    } else {
      auth.auth_params.emplace_back(member.name(), member.text());
    }
  }
}

constexpr std::array keys = {
    Key<Auth>{"type", Shape::text, read_type, true},
    Key<Auth>{"in", Shape::text, read_place},
    Key<Auth>{"name", Shape::text, read_text<&Auth::name>},
    Key<Auth>{"prefix", Shape::prose, read_text<&Auth::prefix>},
    Key<Auth>{"username", Shape::text, read_text<&Auth::username>},
    Key<Auth>{"secret", Shape::text, read_reference<&Auth::secret>},
    Key<Auth>{"auth_url", Shape::text, read_url<&Auth::auth_url>},
    Key<Auth>{"token_url", Shape::text, read_url<&Auth::token_url>},
    Key<Auth>{"scopes", Shape::words, [](const Value& v, Auth& auth) { auth.scopes = v.texts(); }},
    Key<Auth>{"client_id", Shape::text, read_text<&Auth::client_id>},
    Key<Auth>{"client_secret", Shape::text, read_reference<&Auth::client_secret>},
    Key<Auth>{"client_auth", Shape::text, read_client_auth},
    Key<Auth>{"grants", Shape::words, read_grants},
    Key<Auth>{"refresh_token", Shape::text, read_reference<&Auth::refresh_token>},
    Key<Auth>{"issuer", Shape::text, read_text<&Auth::issuer>},
    Key<Auth>{"audience", Shape::text, read_text<&Auth::audience>},
    Key<Auth>{"resource", Shape::text, read_text<&Auth::resource>},
    Key<Auth>{"auth_params", Shape::named_texts, read_auth_params},
    Key<Auth>{"revocation_url", Shape::text, read_url<&Auth::revocation_url>},
    Key<Auth>{"ca_file", Shape::text, [](const Value& v, Auth& auth) { auth.ca_file = read_file_path(v); }},
    Key<Auth>{"redirect_port", Shape::integer, read_redirect_port},
    Key<Auth>{"service", Shape::text, read_text<&Auth::service>},
    Key<Auth>{"region", Shape::text, read_text<&Auth::region>},
    Key<Auth>{"profile", Shape::text, read_text<&Auth::profile>},
    Key<Auth>{"on_behalf_of", Shape::text, read_principal},
};

bool is_known(std::string_view name) { return std::ranges::find(keys, name, &Key<Auth>::name) != keys.end(); }

/// A type takes exactly its own keys.
void check_keys(const Value& table, const AuthKeys& own) {
  const auto type = std::string{model::word(own.type)};
  for (const auto& member : table.members()) {
    const auto name = member.name();
    const bool belongs = name == "type" || is_among(name, own.required) || is_among(name, own.optional);
    if (!belongs && is_known(name)) member.report_at_key("is not a key of auth type \"" + type + "\"");
  }
  for (const auto name : own.required) {
    if (!name.empty() && !table.member(name)) table.report_missing(name);
  }
}

void check_header(const Value& name) {
  const auto lower = lowered(name.text());
  if (!is_token(lower)) return name.report("is not the name of an HTTP header");
  if (!can_hold_credential(lower)) name.report("is a header that no credential can stand in");
}

void check_parameter(const Value& name) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
  };
  if (!std::ranges::all_of(name.text(), is_plain)) {
    name.report(R"(is not the name of a query parameter: letters, digits, "-", ".", "_" and "~")");
  }
}

bool is_visible(char c) noexcept { return c >= 0x20 && c < 0x7f; }

void check_api_key(const Value& table, const Auth& auth) {
  const auto name = table.member("name");
  const auto prefix = table.member("prefix");
  if (name && !auth.name.empty()) (auth.place == Auth::Place::header ? check_header : check_parameter)(*name);
  if (prefix && !std::ranges::all_of(auth.prefix, is_visible)) prefix->report("holds a character that no header has");
  if (prefix && auth.place == Auth::Place::query) prefix->report_at_key(R"(means nothing with in = "query")");
}

/// They stand in the scope of a signature, between slashes, and in host names.
void check_scope_word(const Value& word) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
  };
  if (!std::ranges::all_of(word.text(), is_plain)) word.report(R"(may hold letters, digits and "-" only)");
}

void check_sigv4(const Value& table, const Auth& auth) {
  const auto profile = table.member("profile");
  for (const auto* name : {"service", "region"}) {
    if (const auto word = table.member(name)) check_scope_word(*word);
  }
  if (profile && auth.secret) profile->report_at_key("means nothing beside secret");
}

void complete_bearer(Auth& auth) {
  auth.name = "Authorization";
  auth.prefix = "Bearer ";
}

void choose_defaults(const Value& table, Auth& auth) {
  using enum model::OAuthGrant;
  if (!table.member("client_auth") && table.member("client_secret")) {
    auth.client_auth = model::ClientAuth::client_secret_basic;
  }
  if (table.member("grants")) return;
  if (table.member("auth_url")) {
    auth.grants = {authorization_code, refresh_token};
  } else {
    auth.grants = {table.member("refresh_token") ? refresh_token : client_credentials};
  }
}

/// The keys that a way of getting tokens cannot do without.
void check_oauth2(const Value& table, const Auth& auth) {
  using enum model::OAuthGrant;
  const auto has = [&table](std::string_view name) { return table.member(name).has_value(); };
  const auto no_use = [&table](std::string_view name, std::string_view why) {
    if (const auto key = table.member(name)) key->report_at_key(why);
  };
  const bool asks = auth.may_use(authorization_code);
  if (asks && !has("auth_url")) table.report_missing("auth_url");
  if (!asks) no_use("auth_url", R"(means nothing without the grant "authorization_code")");
  if (!asks) no_use("issuer", R"(means nothing without the grant "authorization_code")");
  if (!asks) no_use("auth_params", R"(means nothing without the grant "authorization_code")");
  if (!asks) no_use("redirect_port", R"(means nothing without the grant "authorization_code")");
  if (!auth.may_use(refresh_token)) no_use("refresh_token", R"(means nothing without the grant "refresh_token")");
  if (auth.grants == std::vector{refresh_token} && !has("refresh_token")) table.report_missing("refresh_token");
  // RFC 6749, 4.4: for clients that can prove who they are.
  const bool needs_secret = auth.may_use(client_credentials) || auth.client_auth != model::ClientAuth::none;
  if (needs_secret && !has("client_secret")) table.report_missing("client_secret");
  if (auth.client_auth == model::ClientAuth::none) {
    no_use("client_secret", R"(means nothing with client_auth = "none")");
  }
}

}  // namespace

void read_secret(const Value& value, std::optional<model::SecretReference>& secret) {
  auto reference = parse_secret_reference(value.text());
  if (reference) {
    secret = *std::move(reference);
  } else {
    value.report(reference.error().message, reference.error().hint);
  }
}

void read_auth(const Value& table, Auth& auth) {
  read_table(table, keys, auth);
  const auto type = table.member("type");
  const bool type_is_known = type && std::ranges::find(types, type->text(), &Word<AuthType>::word) != types.end();
  if (!type_is_known) return;
  check_keys(table, *std::ranges::find(auth_keys, auth.type, &AuthKeys::type));
  if (auth.type == AuthType::api_key) check_api_key(table, auth);
  if (auth.type == AuthType::bearer) complete_bearer(auth);
  if (auth.type == AuthType::oauth2) {
    choose_defaults(table, auth);
    check_oauth2(table, auth);
  }
  if (auth.type == AuthType::aws_sigv4) check_sigv4(table, auth);
  // RFC 7617, 2: a user-id ends at the first colon.
  const auto username = table.member("username");
  if (username && auth.type == AuthType::basic && auth.username.contains(':')) username->report("holds a colon");
}

void list_auth_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
