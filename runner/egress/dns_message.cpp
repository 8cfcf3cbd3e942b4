#include "runner/egress/dns_message.hpp"

#include <algorithm>
#include <arpa/nameser.h>
#include <array>
#include <resolv.h>

namespace runagents::egress {
namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint32_t time_to_live = 60;
/// The largest datagram that is taken (RFC 9715 recommends 1400 and less).
constexpr std::uint16_t datagram_size = 1232;

void append16(std::string& out, unsigned value) {
  out.push_back(static_cast<char>((value >> 8U) & 0xffU));
  out.push_back(static_cast<char>(value & 0xffU));
}

void append32(std::string& out, std::uint32_t value) {
  append16(out, value >> 16U);
  append16(out, value & 0xffffU);
}

bool has_option_record(ns_msg& message) {
  ns_rr record{};
  for (int i = 0; i < ns_msg_count(message, ns_s_ar); ++i) {
    if (ns_parserr(&message, ns_s_ar, i, &record) == 0 && ns_rr_type(record) == ns_t_opt) return true;
  }
  return false;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::optional<DnsQuestion> parse_dns_query(std::string_view bytes) {
  if (bytes.size() < header_size || (static_cast<unsigned char>(bytes[2]) & 0x80U) != 0) return std::nullopt;
  DnsQuestion question;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  question.id = static_cast<std::uint16_t>((data[0] << 8U) | data[1]);
  question.opcode = (data[2] >> 3U) & 0xfU;
  question.recursion_desired = (data[2] & 1U) != 0;
  ns_msg message{};
  ns_rr record{};
  // The C library's own reader, which every answer to a program passes as well.
  if (ns_initparse(data, static_cast<int>(bytes.size()), &message) != 0 || ns_msg_count(message, ns_s_qd) != 1 ||
      ns_parserr(&message, ns_s_qd, 0, &record) != 0) {
    return question;
  }
  question.name = ns_rr_name(record);
  std::ranges::transform(question.name, question.name.begin(), lower);
  question.type = static_cast<std::uint16_t>(ns_rr_type(record));
  question.klass = static_cast<std::uint16_t>(ns_rr_class(record));
  const int name_size = dn_skipname(data + header_size, data + bytes.size());
  if (name_size > 0) question.wire = bytes.substr(header_size, static_cast<std::size_t>(name_size) + 4);
  question.extended = has_option_record(message);
  return question;
}

std::string write_dns_response(const DnsQuestion& question, const DnsAnswer& answer) {
  std::string out;
  append16(out, question.id);
  // QR, the opcode that was asked, AA, RD as asked, RA.
  append16(out, 0x8480U | (question.opcode << 11U) | (question.recursion_desired ? 0x0100U : 0U) | answer.code);
  append16(out, question.wire.empty() ? 0 : 1);
  append16(out, static_cast<unsigned>(answer.addresses.size()));
  append16(out, 0);
  append16(out, question.extended ? 1 : 0);
  out.append(question.wire);
  for (const auto& address : answer.addresses) {
    append16(out, 0xc000U | header_size);  // the question's name (RFC 1035, section 4.1.4)
    append16(out, question.type);
    append16(out, question.klass);
    append32(out, time_to_live);
    append16(out, static_cast<unsigned>(address.size()));
    out.append(address);
  }
  if (question.extended) {
    out.push_back('\0');
    append16(out, ns_t_opt);
    append16(out, datagram_size);
    append32(out, 0);
    append16(out, 0);
  }
  return out;
}

}  // namespace runagents::egress
