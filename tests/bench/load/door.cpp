#include "tests/bench/load/door.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <unistd.h>

namespace runagents::bench {
namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{what}; }

struct Url {
  bool is_tls = false;
  std::string login;
  std::string host;
  std::string port;
  std::string path;
};

/// "https://user:pass@host:1/path"
Url read_url(const std::string& text) {
  Url url;
  const auto scheme = text.find("://");
  if (scheme == std::string::npos) fail("no URL: " + text);
  url.is_tls = text.starts_with("https");
  auto rest = text.substr(scheme + 3);
  const auto slash = rest.find('/');
  if (slash != std::string::npos) url.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  if (const auto at = rest.rfind('@'); at != std::string::npos) {
    url.login = rest.substr(0, at);
    rest = rest.substr(at + 1);
  }
  const auto colon = rest.rfind(':');
  url.host = rest.substr(0, colon);
  url.port = colon == std::string::npos ? (url.is_tls ? "443" : "80") : rest.substr(colon + 1);
  return url;
}

std::string basic(const std::string& login) {
  std::string text(login.size() * 2 + 4, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(login.data()), static_cast<int>(login.size()));
  text.resize(static_cast<std::size_t>(size));
  return "Proxy-Authorization: Basic " + text + "\r\n";
}

int open_socket(const addrinfo& one) {
  const int descriptor = ::socket(one.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor >= 0 && ::connect(descriptor, one.ai_addr, one.ai_addrlen) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

}  // namespace

Door::Door(const std::string& url, Way how, const std::string& proxy, const std::string& ca,
           const std::vector<std::string>& fields, const std::string& body)
    : way{how} {
  const auto target = read_url(url);
  const auto hop = way == Way::origin ? target : read_url(proxy);
  host = target.host;
  const auto authority = target.host + ":" + target.port;
  const auto login = way == Way::origin || hop.login.empty() ? std::string{} : basic(hop.login);
  request = (body.empty() ? "GET " : "POST ") + (way == Way::absolute ? "http://" + authority : std::string{}) +
            target.path + " HTTP/1.1\r\nHost: " + authority + "\r\nAccept: */*\r\nUser-Agent: load\r\n";
  if (way == Way::absolute) request += login;
  for (const auto& field : fields) request += field + "\r\n";
  if (!body.empty()) request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  request += "\r\n" + body;
  if (way == Way::tunnel)
    connect_request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n" + login + "\r\n";
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(hop.host.c_str(), hop.port.c_str(), &hints, &found) != 0) fail("no address of " + hop.host);
  for (const auto* one = found; one != nullptr && address_size == 0; one = one->ai_next) {
    const int probe = open_socket(*one);
    if (probe < 0) continue;
    ::close(probe);
    std::memcpy(&address, one->ai_addr, one->ai_addrlen);
    address_size = one->ai_addrlen;
  }
  ::freeaddrinfo(found);
  if (address_size == 0) fail("nobody listens on " + hop.host + ":" + hop.port);
  if (!target.is_tls) return;
  tls = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);  // every handshake is a full one
  if (SSL_CTX_load_verify_locations(tls, ca.c_str(), nullptr) != 1) fail("no authorities in " + ca);
}

Door::~Door() { SSL_CTX_free(tls); }

Connection::Connection(const Door& door) : door_{door} {}
Connection::~Connection() { close(); }

void Connection::close() noexcept {
  SSL_free(ssl_);
  ssl_ = nullptr;
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void Connection::begin_anew() {
  close();
  response.reset();
  descriptor_ = ::socket(door_.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&door_.address), door_.address_size) != 0)
    fail(std::string{"connect: "} + std::strerror(errno));
  ::fcntl(descriptor_, F_SETFL, O_NONBLOCK);
  if (!door_.connect_request.empty()) {
    state_ = State::asking_proxy;
    proxy_answer_.clear();
    send_all(door_.connect_request);
  } else if (door_.tls != nullptr) {
    shake_hands();
  } else {
    state_ = State::answering;
    send_all(door_.request);
  }
}

void Connection::begin_next() {
  if (descriptor_ < 0 || response.closes()) {
    ++reopened_;
    begin_anew();
    return;
  }
  response.reset();
  send_all(door_.request);
}

void Connection::send_all(std::string_view text) {
  const auto size = ssl_ != nullptr ? SSL_write(ssl_, text.data(), static_cast<int>(text.size()))
                                    : ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
  if (size != static_cast<long>(text.size())) fail("a request could not be sent");
}

bool Connection::shake_hands() {
  if (ssl_ == nullptr) {
    state_ = State::shaking_hands;
    ssl_ = SSL_new(door_.tls);
    SSL_set_fd(ssl_, descriptor_);
    SSL_set_tlsext_host_name(ssl_, door_.host.c_str());
    SSL_set1_host(ssl_, door_.host.c_str());
  }
  const int result = SSL_connect(ssl_);
  if (result == 1) {
    state_ = State::answering;
    send_all(door_.request);
    return true;
  }
  if (SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) {
    fail(std::string{"TLS: "} + X509_verify_cert_error_string(SSL_get_verify_result(ssl_)));
  }
  return false;
}

bool Connection::read_proxy() {
  std::array<char, 4096> piece;
  const auto size = ::recv(descriptor_, piece.data(), piece.size(), 0);
  if (size == 0) fail("CONNECT: the proxy closed");
  if (size < 0) return false;
  proxy_answer_.append(piece.data(), static_cast<std::size_t>(size));
  if (!proxy_answer_.ends_with("\r\n\r\n")) return false;
  if (proxy_answer_.find(" 200") > 9) fail("CONNECT: " + proxy_answer_);
  if (door_.tls != nullptr) return shake_hands();
  state_ = State::answering;
  send_all(door_.request);
  return true;
}

/// 0: the end; negative: nothing yet.
long Connection::read_some(char* buffer, std::size_t size) {
  if (ssl_ == nullptr) {
    const auto count = ::recv(descriptor_, buffer, size, 0);
    if (count < 0 && errno != EAGAIN) return 0;
    return count;
  }
  const int count = SSL_read(ssl_, buffer, static_cast<int>(size));
  if (count > 0) return count;
  return SSL_get_error(ssl_, count) == SSL_ERROR_WANT_READ ? -1 : 0;
}

bool Connection::go_on() {
  if (state_ == State::asking_proxy) {
    read_proxy();
    return false;
  }
  if (state_ == State::shaking_hands && !shake_hands()) return false;
  static thread_local std::array<char, 65536> piece;
  for (;;) {
    const auto size = read_some(piece.data(), piece.size());
    if (size < 0) return false;
    if (size == 0) {
      if (response.has_begun()) fail("the connection was closed within an answer");
      // It rested for too long, or was to serve no more.
      ++reopened_;
      begin_anew();
      return false;
    }
    if (response.feed({piece.data(), static_cast<std::size_t>(size)})) return true;
  }
}

std::string Connection::issuer() const {
  if (ssl_ == nullptr) return {};
  X509* certificate = SSL_get1_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  std::array<char, 256> name{};
  X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, name.data(), name.size());
  X509_free(certificate);
  return name.data();
}

}  // namespace runagents::bench
