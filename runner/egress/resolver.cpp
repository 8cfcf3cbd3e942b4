#include "runner/egress/resolver.hpp"

#include <arpa/nameser.h>
#include <array>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "core/policy/target.hpp"

namespace runagents::egress {
namespace {

namespace asio = http::asio;
using Datagrams = asio::basic_datagram_socket<asio::ip::udp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<http::tcp, asio::io_context::executor_type>;

constexpr std::size_t max_message = 4096;
constexpr std::size_t max_recorded_names = 1000;
constexpr std::size_t max_streams = 64;
constexpr std::chrono::seconds stream_patience{10};

std::string bytes_of(const asio::ip::address_v4& address) {
  const auto bytes = address.to_bytes();
  return {bytes.begin(), bytes.end()};
}

/// Whether ::1 leads to the same listeners: those of 80 and 443 take every address.
bool has_ipv6(const Snapshot& snapshot, std::string_view host) {
  for (const auto* tool : snapshot.evaluator.tools()) {
    const auto& base = tool->base_url;
    const bool takes_all = tool->kind != model::ToolKind::tcp && is_open_everywhere(base.port);
    if (base.host == host && !takes_all) return false;
  }
  return true;
}

int family_of(int descriptor) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size);
  return address.ss_family;
}

/// Takes one query and sends its answer from the address that was asked: with every address local, the kernel would
/// choose another one, and the asker would drop the answer. False: there was nothing to read.
template <class Answer>
bool serve_one(int socket, Answer&& make_answer) {
  std::array<char, max_message> buffer{};
  sockaddr_storage asker{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(in6_pktinfo))> ancillary{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_name = &asker;
  message.msg_namelen = sizeof asker;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = ancillary.data();
  message.msg_controllen = ancillary.size();
  const auto size = ::recvmsg(socket, &message, MSG_DONTWAIT);
  if (size < 0) return false;
  const std::string answer = make_answer(std::string_view{buffer.data(), static_cast<std::size_t>(size)});
  if (answer.empty() || (message.msg_flags & MSG_TRUNC) != 0) return true;
  // What told the address that was asked tells the address to answer from, too; the interface is the kernel's choice.
  for (cmsghdr* one = CMSG_FIRSTHDR(&message); one != nullptr; one = CMSG_NXTHDR(&message, one)) {
    if (one->cmsg_level == IPPROTO_IPV6 && one->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(one), sizeof info);
      info.ipi6_ifindex = 0;
      std::memcpy(CMSG_DATA(one), &info, sizeof info);
    } else if (one->cmsg_level == IPPROTO_IP && one->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(one), sizeof info);
      info.ipi_spec_dst = info.ipi_addr;
      info.ipi_ifindex = 0;
      std::memcpy(CMSG_DATA(one), &info, sizeof info);
    }
  }
  part = {const_cast<char*>(answer.data()), answer.size()};
  message.msg_flags = 0;
  static_cast<void>(::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
  return true;
}

}  // namespace

struct Resolver::Sockets {
  Datagrams datagrams;
  Acceptor acceptor;
  std::size_t streams = 0;
};

Resolver::Resolver(asio::io_context& context, int datagrams, int listener)
    : sockets_{new Sockets{
          Datagrams{context, family_of(datagrams) == AF_INET6 ? asio::ip::udp::v6() : asio::ip::udp::v4(), datagrams},
          Acceptor{context, family_of(listener) == AF_INET6 ? http::tcp::v6() : http::tcp::v4(), listener}}} {}

Resolver::~Resolver() = default;

void Resolver::open(Engine& engine) {
  asio::co_spawn(engine.context, serve_datagrams(engine), asio::detached);
  asio::co_spawn(engine.context, accept(engine), asio::detached);
}

void Resolver::close() {
  http::error_code ignored;
  sockets_->datagrams.close(ignored);
  sockets_->acceptor.close(ignored);
}

http::Task<void> Resolver::serve_datagrams(Engine& engine) {
  auto& socket = sockets_->datagrams;
  const auto make_answer = [this, &engine](std::string_view bytes) -> std::string {
    const auto question = parse_dns_query(bytes);
    return question ? write_dns_response(*question, answer(engine, *question)) : std::string{};
  };
  while (socket.is_open()) {
    const auto [error] = co_await socket.async_wait(Datagrams::wait_read, http::by_value);
    if (error) co_return;
    // Some at a time, so that a flood of questions does not keep the calls from being served.
    for (int i = 0; i < 32 && serve_one(socket.native_handle(), make_answer); ++i) {
    }
  }
}

http::Task<void> Resolver::accept(Engine& engine) {
  auto& acceptor = sockets_->acceptor;
  http::Timer pause{engine.context};
  while (acceptor.is_open()) {
    auto [error, socket] = co_await acceptor.async_accept(http::by_value);
    if (error == asio::error::operation_aborted) co_return;
    if (error || sockets_->streams >= max_streams) {
      pause.expires_after(std::chrono::milliseconds{50});
      static_cast<void>(co_await pause.async_wait(http::by_value));
      continue;
    }
    asio::co_spawn(engine.context, serve_stream(engine, std::move(socket)), asio::detached);
  }
}

/// RFC 7766: messages one after the other, each with its length in front.
http::Task<void> Resolver::serve_stream(Engine& engine, http::Socket socket) {
  class Patience final : public http::Ticking {
   public:
    Patience(http::Ticker& ticker, http::Socket& watched) : Ticking{ticker}, watched_{watched} { arm(stream_patience); }

   private:
    void expired() override {
      http::error_code ignored;
      watched_.close(ignored);
    }
    http::Socket& watched_;
  };
  ++sockets_->streams;
  {
    Patience patience{engine.ticker, socket};
    std::array<char, max_message> buffer{};
    for (;;) {
      auto [error, size] = co_await asio::async_read(socket, asio::buffer(buffer.data(), 2), http::by_value);
      if (error) break;
      const auto length =
          static_cast<std::size_t>(static_cast<unsigned char>(buffer[0])) << 8U | static_cast<unsigned char>(buffer[1]);
      if (length > buffer.size()) break;
      std::tie(error, size) = co_await asio::async_read(socket, asio::buffer(buffer.data(), length), http::by_value);
      const auto question = error ? std::nullopt : parse_dns_query({buffer.data(), length});
      if (!question) break;
      const auto response = write_dns_response(*question, answer(engine, *question));
      std::string out{static_cast<char>(response.size() >> 8U), static_cast<char>(response.size() & 0xffU)};
      out.append(response);
      std::tie(error, size) = co_await asio::async_write(socket, asio::buffer(out), http::by_value);
      if (error) break;
      patience.arm(stream_patience);
    }
  }
  --sockets_->streams;
}

DnsAnswer Resolver::answer(Engine& engine, const DnsQuestion& question) {
  if (question.opcode != ns_o_query) return {dns_not_implemented, {}};
  if (question.wire.empty()) return {dns_format_error, {}};
  if (question.klass != ns_c_in && question.klass != ns_c_any) return {dns_refused, {}};
  const auto& snapshot = *engine.snapshot;
  const bool is_local = question.name == "localhost" || question.name.ends_with(".localhost");
  const auto address = is_local ? Names::Address::loopback() : snapshot.names.address_of(question.name);
  if (!address) {
    // What belongs to the address space itself, such as the name of an address, says nothing of a server.
    const bool is_reverse = question.name.ends_with(".arpa") || question.name.empty() || question.name == ".";
    if (!is_reverse) record_unregistered(engine, question.name);
    if (is_reverse || !snapshot.observes()) return {dns_no_such_name, {}};
    // Where it leads is asked when it is called: the name itself goes nowhere.
    if (question.type != ns_t_a) return {dns_no_error, {}};
    return {dns_no_error, {bytes_of(Names::unregistered_address())}};
  }
  if (question.type == ns_t_a) return {dns_no_error, {bytes_of(*address)}};
  if (question.type == ns_t_aaaa && (is_local || has_ipv6(snapshot, question.name))) {
    return {dns_no_error, {std::string(15, '\0') + '\1'}};
  }
  return {dns_no_error, {}};
}

/// Before anything is connected to: a look-up that fails, or a port that is closed, would leave no trace of what was
/// tried.
void Resolver::record_unregistered(Engine& engine, const std::string& name) {
  if (recorded_.size() >= max_recorded_names || !recorded_.insert(name).second) return;
  Arrival arrival;
  arrival.door = Door::transparent;
  Call call;
  call.reset(arrival);
  call.snapshot = engine.snapshot;
  engine.request_ids.next(call.request_id);
  call.scheme = "dns";
  call.host = name;
  call.path = "";
  const Refusal refusal{.code = model::RefusalCode::tool_not_registered,
                        .message = name + " belongs to no registered tool",
                        .hint = {},
                        .approval_id = {},
                        .expires_at = {},
                        .retry_after_s = 0};
  if (engine.snapshot->observes()) call.observed = refusal.code;
  if (!engine.recorder.expect(call)) return;
  static_cast<void>(engine.recorder.record(call, call.observed ? nullptr : &refusal));
}

}  // namespace runagents::egress
