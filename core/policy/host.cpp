#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <idn2.h>
#include <memory>

#include "core/policy/target_error.hpp"

namespace runagents::policy {
namespace {

constexpr std::size_t max_host_length = 253;
constexpr std::size_t max_label_length = 63;
constexpr std::size_t max_raw_length = 4 * (max_host_length + 1);  // as UTF-8, before anything is converted

enum class Byte : unsigned char { invalid, plain, upper, non_ascii, trick };

constexpr std::array<Byte, 256> classes = [] {
  std::array<Byte, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = Byte::trick;
  table['\r'] = table['\n'] = Byte::invalid;
  for (std::size_t c = 0x80; c < 0x100; ++c) table[c] = Byte::non_ascii;
  for (std::size_t c = 'a'; c <= 'z'; ++c) table[c] = Byte::plain;
  for (std::size_t c = '0'; c <= '9'; ++c) table[c] = Byte::plain;
  for (std::size_t c = 'A'; c <= 'Z'; ++c) table[c] = Byte::upper;
  table['-'] = table['_'] = table['.'] = Byte::plain;
  table['%'] = table['\\'] = table['@'] = table[0x7f] = Byte::trick;
  return table;
}();

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// A label that URL libraries take for a number: decimal or octal digits, or hexadecimal after "0x" (WHATWG URL, "ends
/// in a number").
bool is_number(std::string_view label) noexcept {
  if (label.empty()) return false;
  if (std::ranges::all_of(label, is_digit)) return true;
  return label.starts_with("0x") &&
         std::ranges::all_of(label.substr(2), [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_plain_octet(std::string_view text) noexcept {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text.front() == '0')) return false;
  if (!std::ranges::all_of(text, is_digit)) return false;
  return text.size() < 3 || text <= "255";
}

bool is_dotted_quad(std::string_view host) noexcept {
  for (int octet = 0; octet < 3; ++octet) {
    const auto dot = host.find('.');
    if (dot == host.npos || !is_plain_octet(host.substr(0, dot))) return false;
    host.remove_prefix(dot + 1);
  }
  return is_plain_octet(host);
}

struct Survey {
  bool upper = false;
  bool non_ascii = false;
};

TargetResult<Survey> survey_host(std::string_view host) {
  Survey survey;
  for (const char c : host) {
    switch (classes[static_cast<unsigned char>(c)]) {
      case Byte::plain:
        break;
      case Byte::upper:
        survey.upper = true;
        break;
      case Byte::non_ascii:
        survey.non_ascii = true;
        break;
      case Byte::trick:
        return ambiguous("the host holds a character that programs read differently");
      case Byte::invalid:
        return bad("the host holds a character that no host name has");
    }
  }
  return survey;
}

TargetResult<void> check_labels(std::string_view host) {
  if (host.size() > max_host_length) return bad("the host name is longer than 253 characters");
  std::size_t length = 0;
  for (const char c : host) {
    length = c == '.' ? 0 : length + 1;
    if (length > max_label_length) return bad("a label of the host name is longer than 63 characters");
  }
  if (host.starts_with('.') || host.ends_with('.') || host.contains("..")) {
    return bad("the host name has an empty label");
  }
  return {};
}

/// One label, IDNA 2008 with the mapping of UTS 46, non-transitional. Label by label, so that no character can turn
/// into a dot; and a label that ends up as plain ASCII was a disguise (full-width digits and letters).
TargetResult<void> append_label(std::string_view label, std::string& out) {
  if (std::ranges::all_of(label, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) {
    std::ranges::transform(label, std::back_inserter(out), lower);
    return {};
  }
  char* converted = nullptr;
  const int outcome = idn2_to_ascii_8z(std::string(label).c_str(), &converted, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const std::unique_ptr<char, void (*)(void*)> owner(converted, idn2_free);
  if (outcome != IDN2_OK) return ambiguous("the host name is not one that IDNA 2008 allows");
  const std::string_view ascii(converted);
  if (!ascii.starts_with("xn--") || ascii.contains('.')) {
    return ambiguous("the host name is an ASCII name in other characters");
  }
  out += ascii;
  return {};
}

TargetResult<void> to_ascii(std::string_view host, std::string& out) {
  out.clear();
  while (true) {
    const auto dot = host.find('.');
    const auto appended = append_label(host.substr(0, dot), out);
    if (!appended) return appended;
    if (dot == host.npos) return {};
    out += '.';
    host.remove_prefix(dot + 1);
  }
}

/// IPv4-mapped and IPv4-compatible addresses are further spellings of IPv4 addresses.
bool holds_ipv4(const in6_addr& address) noexcept {
  if (IN6_IS_ADDR_V4MAPPED(&address)) return true;
  return IN6_IS_ADDR_V4COMPAT(&address);
}

TargetResult<std::string_view> canonical_ipv6(std::string_view raw, std::string& scratch) {
  if (!raw.ends_with(']')) return bad("the host holds a bracket that is not closed");
  const auto inner = raw.substr(1, raw.size() - 2);
  in6_addr address{};
  if (inner.contains('%')) return ambiguous("the host is an IPv6 address with a zone");
  if (inner.contains('\0') || ::inet_pton(AF_INET6, std::string(inner).c_str(), &address) != 1) {
    return ambiguous("what stands in brackets is not an IPv6 address");
  }
  if (holds_ipv4(address)) return ambiguous("the host is an IPv4 address written as IPv6");
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(AF_INET6, &address, text.data(), text.size());
  scratch.assign(text.data());
  return scratch;
}

}  // namespace

TargetResult<std::string_view> canonical_host(std::string_view raw, std::string& scratch) {
  if (raw.empty()) return bad("the host is empty");
  if (raw.size() > max_raw_length) return bad("the host name is too long");
  if (raw.front() == '[') return canonical_ipv6(raw, scratch);
  const auto survey = survey_host(raw);
  if (!survey) return std::unexpected(survey.error());

  const bool dotted = raw.size() > 1 && raw.back() == '.';
  auto host = dotted ? raw.substr(0, raw.size() - 1) : raw;
  if (survey->non_ascii) {
    const auto converted = to_ascii(host, scratch);
    if (!converted) return std::unexpected(converted.error());
    host = scratch;
  } else if (survey->upper) {
    scratch.clear();
    std::ranges::transform(host, std::back_inserter(scratch), lower);
    host = scratch;
  }
  const auto checked = check_labels(host);
  if (!checked) return std::unexpected(checked.error());
  if (is_number(host.substr(host.rfind('.') + 1)) && (dotted || !is_dotted_quad(host))) {
    return ambiguous("the host is an unusual spelling of an IP address");
  }
  return host;
}

}  // namespace runagents::policy
