#include "core/audit/credential_pattern.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <initializer_list>

#include "core/audit/masking.hpp"

namespace runagents::audit {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
constexpr bool is_name(char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; }
// Characters of tokens in any of the usual encodings (RFC 6750 b64token, base64url, provider prefixes).
constexpr bool is_token(char c) {
  return is_alnum(c) || c == '_' || c == '-' || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts) {
  return std::ranges::any_of(parts, [&](std::string_view part) { return text.find(part) != std::string_view::npos; });
}

// "Client-Secret", "client_secret" and "clientSecret" are the same name.
std::string normalised(std::string_view name) {
  std::string out;
  out.reserve(name.size());
  for (const char c : name) {
    if (is_alnum(c)) out += lower(c);
  }
  return out;
}

bool starts_with_word(std::string_view text, std::string_view lower_case_word) {
  return text.size() >= lower_case_word.size() &&
         std::ranges::equal(text.substr(0, lower_case_word.size()), lower_case_word, {}, lower);
}

template <class Predicate>
std::size_t span_of(std::string_view text, Predicate predicate) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, predicate) - text.begin());
}

// Starts of credentials as their issuers document them; what follows is at least eight token characters.
constexpr std::array<std::string_view, 44> prefixes = {
    "sk_live_", "sk_test_", "rk_live_", "rk_test_",    "whsec_", "sk-",    "rl_",   "ghp_",     "gho_",
    "ghu_",     "ghs_",     "ghr_",     "github_pat_", "glpat-", "gldt-",  "glrt-", "xoxb-",    "xoxp-",
    "xoxa-",    "xoxr-",    "xoxs-",    "xapp-",       "AKIA",   "ASIA",   "AIza",  "ya29.",    "1//0",
    "npm_",     "pypi-",    "hf_",      "dop_v1_",     "shpat_", "shpss_", "SG.",   "sq0atp-",  "EAACEdEose0cBA",
    "eyJ",      "ZXlK",     "gsk_",     "xai-",        "nvapi-", "tvly-",  "hvs.",  "dckr_pat_"};
constexpr std::size_t min_token = 8;
// Longer runs of name characters are no names; the limit keeps the time linear.
constexpr std::size_t max_name = 128;

// The length of a provider's token at the front of `text`, 0 when there is none.
std::size_t token_length(std::string_view text) {
  const auto* prefix = std::ranges::find_if(prefixes, [&](std::string_view one) { return text.starts_with(one); });
  if (prefix == prefixes.end()) return 0;
  const std::size_t length = prefix->size() + span_of(text.substr(prefix->size()), is_token);
  const bool cut_off = length == text.size();
  return cut_off || length >= prefix->size() + min_token ? length : 0;
}

// A PEM block that holds a private key, with its end line if there is one; otherwise all the rest is the key.
std::size_t private_key_length(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  if (!text.starts_with(begin)) return 0;
  const std::size_t label_end = text.find("-----", begin.size());
  const std::string_view label =
      text.substr(begin.size(), label_end == std::string_view::npos ? label_end : label_end - begin.size());
  if (label_end != std::string_view::npos && label.find("PRIVATE KEY") == std::string_view::npos) return 0;
  if (label_end == std::string_view::npos) return text.size();
  const std::size_t end = text.find("-----END ", label_end);
  if (end == std::string_view::npos) return text.size();
  const std::size_t closing = text.find("-----", end + 9);
  return closing == std::string_view::npos ? text.size() : closing + 5;
}

// "basic research" is no credential.
bool reads_like_a_word(std::string_view text) {
  return std::ranges::all_of(text.substr(std::min<std::size_t>(text.size(), 1)),
                             [](char c) { return (c >= 'a' && c <= 'z') || c == '.' || c == '-'; });
}

// Where the value starts that belongs to a scheme word ("Bearer x", "Basic x"); 0 when there is no such word.
std::size_t scheme_length(std::string_view text) {
  for (const std::string_view scheme : {"bearer", "basic", "digest", "token"}) {
    if (!starts_with_word(text, scheme)) continue;
    const std::size_t blanks = span_of(text.substr(scheme.size()), is_blank);
    const std::size_t value = span_of(text.substr(scheme.size() + blanks), is_token);
    const bool cut_off = scheme.size() + blanks + value == text.size();
    const bool likely = scheme == "bearer" || !reads_like_a_word(text.substr(scheme.size() + blanks, value));
    if (blanks > 0 && value > 0 && likely && (value >= min_token || cut_off)) return scheme.size() + blanks;
  }
  return 0;
}

// The password of "scheme://user:password@host": its place within `text`, which starts at "://".
struct Place {
  std::size_t start = 0;
  std::size_t length = 0;
};
Place url_password(std::string_view text) {
  if (!text.starts_with("://")) return {};
  const std::string_view authority = text.substr(3, text.find_first_of("/?# \t\r\n\"'<>", 3) - 3);
  const std::size_t at = authority.rfind('@');
  const std::size_t colon = authority.find(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return {};
  return {3 + colon + 1, at - colon - 1};
}

constexpr bool is_quote(char c) { return c == '"' || c == '\''; }

// How far a quoted value goes; inside of an escaped text its quotes are escaped too.
std::size_t quoted_length(std::string_view text, char quote, bool escaped) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!escaped && text[i] == quote) return i;
    if (text[i] != '\\') continue;
    if (escaped && i + 1 < text.size() && text[i + 1] == quote) return i;
    ++i;
  }
  return text.size();
}

// The value assigned to a secret-looking name, seen from the end of that name.
Place assigned_value(std::string_view text) {
  std::size_t at = 0;
  // Quotes that end the name, as they stand in JSON inside of text or escaped once more.
  while (at < text.size() && (text[at] == '\\' || text[at] == '"' || text[at] == '\'' || text[at] == ']')) ++at;
  at += span_of(text.substr(at), is_blank);
  if (at >= text.size()) return {};
  if (text[at] == '>') {
    const std::size_t end = std::min(text.find('<', at), text.size());
    return {at + 1, end - at - 1};
  }
  if (text[at] != ':' && text[at] != '=') return {};
  const bool is_colon = text[at] == ':';
  ++at;
  if (at < text.size() && text[at] == '>') ++at;
  at += span_of(text.substr(at), is_blank);
  const bool escaped_quote = at + 1 < text.size() && text[at] == '\\' && is_quote(text[at + 1]);
  if (escaped_quote || (at < text.size() && is_quote(text[at]))) {
    at += escaped_quote ? 2 : 1;
    return {at, quoted_length(text.substr(at), text[at - 1], escaped_quote)};
  }
  // What follows a colon is the rest of its line: header fields, YAML, prose.
  const std::size_t end = text.find_first_of(is_colon ? std::string_view{"\r\n<"} : std::string_view{"\r\n<&;,"}, at);
  return {at, std::min(end, text.size()) - at};
}

// Walks over a text once, at the start of every word asking each pattern.
class Masker {
 public:
  explicit Masker(std::string_view text) : text_{text} { out_.reserve(text.size()); }

  std::string run() && {
    while (at_ < text_.size()) {
      if (!at_boundary() || !step()) copy(1);
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  [[nodiscard]] bool at_boundary() const { return at_ == 0 || !is_alnum(text_[at_ - 1]) || !is_alnum(text_[at_]); }

  void copy(std::size_t count) {
    out_ += text_.substr(at_, count);
    at_ += count;
  }
  void hide(std::size_t count) {
    out_ += mask;
    at_ += count;
  }

  bool step() {
    if (const std::size_t length = private_key_length(rest())) return hide(length), true;
    if (const std::size_t length = token_length(rest())) return hide(length), true;
    if (const std::size_t length = scheme_length(rest())) {
      copy(length);
      return hide(span_of(rest(), is_token)), true;
    }
    if (const Place password = url_password(rest()); password.length > 0) {
      copy(password.start);
      return hide(password.length), true;
    }
    return assignment();
  }

  bool assignment() {
    const std::size_t length = span_of(rest().substr(0, max_name), is_name);
    const std::string_view name = rest().substr(0, length);
    if (length == 0 || !field_looks_secret(name)) return false;
    const Place value = assigned_value(rest().substr(length));
    if (value.length == 0) return false;
    out_ += Masker{name}.run();
    at_ += length;
    copy(value.start);
    return hide(value.length), true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

bool looks_secret(std::string_view name) {
  return contains_any(normalised(name), {"token", "secret", "password", "passwd", "passphrase", "apikey", "credential",
                                         "privatekey", "accesskey"});
}

bool field_looks_secret(std::string_view name) {
  if (looks_secret(name)) return true;
  const std::string plain = normalised(name);
  constexpr std::array<std::string_view, 12> exact = {"pwd", "pass", "pin", "otp",    "cvc",       "cvv",
                                                      "jwt", "auth", "sid", "bearer", "sessionid", "passcode"};
  return std::ranges::find(exact, plain) != exact.end() ||
         contains_any(plain, {"authorization", "cookie", "signature"});
}

std::string mask_text(std::string_view text) { return Masker{text}.run(); }

}  // namespace runagents::audit
