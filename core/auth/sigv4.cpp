#include "core/auth/sigv4.hpp"

#include <algorithm>
#include <openssl/crypto.h>
#include <tuple>

#include "core/ascii.hpp"
#include "core/auth/percent.hpp"
#include "core/model/approval.hpp"
#include "core/policy/percent.hpp"

namespace runagents::auth {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

bool is_blank(char c) noexcept { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Without blanks at its ends, and with one where several are.
void append_folded(std::string& out, std::string_view value) {
  const auto begin = out.size();
  bool blank = false;
  for (const char c : value) {
    if (is_blank(c)) {
      blank = true;
      continue;
    }
    if (blank && out.size() > begin) out.push_back(' ');
    blank = false;
    out.push_back(c);
  }
}

/// Leaves the slashes, and has what stands between them spelled anew.
template <class Spell>
std::string each_segment(std::string_view path, Spell spell) {
  std::string out;
  for (;;) {
    const auto slash = path.find('/');
    out += spell(path.substr(0, slash));
    if (slash == path.npos) return out;
    out.push_back('/');
    path.remove_prefix(slash + 1);
  }
}

std::string encoded_segments(std::string_view path) { return each_segment(path, percent_encoded); }

/// RFC 3986, 5.2.4, and empty segments removed; ".." above the root stays at the root.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> kept;
  const bool ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  for (auto rest = path; !rest.empty();) {
    const auto segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(segment.size() + 1, rest.size()));
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  if (out.empty() || (ends_open && !kept.empty())) out.push_back('/');
  return out;
}

std::string canonical_uri(std::string_view path, SigV4Path rule) {
  if (path.empty()) return "/";
  switch (rule) {
    case SigV4Path::object_key:
      return encoded_segments(policy::decode_once(path));
    case SigV4Path::verbatim:
      return encoded_segments(path);
    case SigV4Path::normalized:
      break;
  }
  return encoded_segments(normalized(path));
}

std::string decoded_parameter(std::string_view text) {
  std::string plain{text};
  std::ranges::replace(plain, '+', ' ');
  return policy::decode_once(plain);
}

struct CanonicalField {
  std::string name;
  std::size_t place = 0;  ///< in the request: fields of one name stay in their order
  std::string_view value;
};

void append_fields(CanonicalRequest& out, const std::vector<http::Field>& fields) {
  std::vector<CanonicalField> sorted;
  sorted.reserve(fields.size());
  for (const auto& field : fields) {
    auto& one = sorted.emplace_back();
    one.name = lowered(field.name);
    one.place = sorted.size();
    one.value = field.value;
  }
  std::ranges::sort(sorted, {}, [](const CanonicalField& one) { return std::tie(one.name, one.place); });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const bool is_repeated = i > 0 && sorted[i].name == sorted[i - 1].name;
    if (!is_repeated) {
      if (i > 0) out.text.push_back('\n');
      out.text.append(sorted[i].name);
      out.signed_headers.append(i > 0 ? ";" : "").append(sorted[i].name);
    }
    out.text.push_back(is_repeated ? ',' : ':');
    append_folded(out.text, sorted[i].value);
  }
  if (!sorted.empty()) out.text.push_back('\n');
}

}  // namespace

bool is_s3(std::string_view service) noexcept {
  return service == "s3" || service == "s3express" || service == "s3-outposts" || service == "s3-object-lambda";
}

std::string strict_path(std::string_view path) {
  return each_segment(path, [](std::string_view segment) { return percent_encoded(policy::decode_once(segment)); });
}

std::vector<QueryParameter> query_parameters(std::string_view query) {
  std::vector<QueryParameter> parameters;
  while (!query.empty()) {
    const auto text = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(text.size() + 1, query.size()));
    if (text.empty()) continue;
    const auto equals = text.find('=');
    const bool has_value = equals != text.npos;
    parameters.push_back({decoded_parameter(text.substr(0, equals)),
                          has_value ? decoded_parameter(text.substr(equals + 1)) : std::string{}, has_value});
  }
  return parameters;
}

std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  auto parameters = query_parameters(query);
  for (auto& one : parameters) {
    one.name = percent_encoded(one.name);
    one.value = percent_encoded(one.value);
  }
  std::ranges::sort(parameters, [](const QueryParameter& left, const QueryParameter& right) {
    return std::tie(left.name, left.value) < std::tie(right.name, right.value);
  });
  std::string out;
  for (const auto& one : parameters) out.append(out.empty() ? "" : "&").append(one.name).append("=").append(one.value);
  return out;
}

CanonicalRequest canonical_request(const SigV4Request& request) {
  CanonicalRequest out;
  out.text.reserve(512);
  out.text.append(request.method).append("\n").append(canonical_uri(request.path, request.path_rule)).append("\n");
  out.text.append(canonical_query(request.query)).append("\n");
  append_fields(out, request.fields);
  out.text.append("\n").append(out.signed_headers).append("\n").append(request.payload_hash);
  return out;
}

std::string SigV4Scope::to_string() const {
  return std::string{date()}.append("/").append(region).append("/").append(service).append("/aws4_request");
}

std::string sigv4_timestamp(std::chrono::sys_seconds time) {
  auto text = model::to_iso8601(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  text.resize(text.find_first_of(".Z"));
  return text + "Z";
}

std::string string_to_sign(const SigV4Scope& scope, std::string_view canonical_request) {
  std::string text{algorithm};
  text.append("\n").append(scope.timestamp).append("\n").append(scope.to_string()).append("\n");
  return text.append(hex(sha256(canonical_request)));
}

Sha256 signing_key(std::string_view secret_access_key, const SigV4Scope& scope) {
  std::string first = "AWS4";
  first.append(secret_access_key);
  auto key = hmac_sha256(first, scope.date());
  OPENSSL_cleanse(first.data(), first.size());
  for (const std::string_view part :
       {std::string_view{scope.region}, std::string_view{scope.service}, std::string_view{"aws4_request"}}) {
    key = hmac_sha256(view(key), part);
  }
  return key;
}

std::string signature(const Sha256& signing_key, std::string_view string_to_sign) {
  return hex(hmac_sha256(view(signing_key), string_to_sign));
}

SigV4Signature sign(const SigV4Request& request, std::string_view access_key_id, const Sha256& signing_key,
                    const SigV4Scope& scope) {
  const auto canonical = canonical_request(request);
  SigV4Signature signed_;
  signed_.signature = signature(signing_key, string_to_sign(scope, canonical.text));
  signed_.authorization.append(algorithm).append(" Credential=").append(access_key_id).append("/");
  signed_.authorization.append(scope.to_string()).append(", SignedHeaders=").append(canonical.signed_headers);
  signed_.authorization.append(", Signature=").append(signed_.signature);
  return signed_;
}

}  // namespace runagents::auth
