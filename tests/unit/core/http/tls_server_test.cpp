#include "core/http/tls_server.hpp"

#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

namespace runagents::http {
namespace {

CertificateAuthority new_authority() {
  auto made = CertificateAuthority::create("test");
  REQUIRE(made);
  return std::move(*made);
}

struct Sockets {
  Sockets() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()) == 0); }
  ~Sockets() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;
  std::array<int, 2> ends{};
};

struct Client {
  explicit Client(X509* authority) : context{SSL_CTX_new(TLS_client_method())} {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), authority);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context.get()), X509_V_FLAG_X509_STRICT);
  }
  std::unique_ptr<SSL_CTX, SslDeleter> context;
  SslSessionPointer session;
};

struct Outcome {
  bool client = false;
  bool server = false;
  bool resumed = false;
  std::string name;
  std::string protocol;
  std::string reason;
};

/// One handshake in memory; `prepare` sets up the client's side.
Outcome shake_hands(TlsServer& server, Client& client, const std::string& fallback,
                    const std::function<void(SSL*)>& prepare) {
  const Sockets sockets;
  ClientWish wish{.fallback = fallback, .name = {}};
  auto accepting = server.accept(sockets.ends[0], wish);
  REQUIRE(accepting);
  const SslPointer connecting{SSL_new(client.context.get())};
  SSL_set_fd(connecting.get(), sockets.ends[1]);
  SSL_set_connect_state(connecting.get());
  prepare(connecting.get());
  if (client.session) SSL_set_session(connecting.get(), client.session.get());
  Outcome outcome;
  for (int round = 0; round < 10 && !(outcome.client && outcome.server); ++round) {
    outcome.client = outcome.client || SSL_do_handshake(connecting.get()) == 1;
    outcome.server = outcome.server || SSL_do_handshake(accepting.get()) == 1;
  }
  outcome.name = wish.name;
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(connecting.get(), &protocol, &size);
  if (size > 0) outcome.protocol.assign(reinterpret_cast<const char*>(protocol), size);
  outcome.reason = X509_verify_cert_error_string(SSL_get_verify_result(connecting.get()));
  outcome.resumed = SSL_session_reused(connecting.get()) == 1;
  std::array<char, 1> none{};
  SSL_read(connecting.get(), none.data(), 1);  // takes the ticket in
  client.session = take_session(connecting.get());
  return outcome;
}

std::function<void(SSL*)> asks_for(const std::string& name) {
  return [name](SSL* ssl) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
    SSL_set1_host(ssl, name.c_str());
  };
}

TEST_CASE("a client gets a certificate for the name that it asks for, and a strict one takes it") {
  auto authority = new_authority();
  TlsServer server{authority};
  for (const std::string name : {"api.example.com", "xn--bcher-kva.example"}) {
    Client client{authority.certificate()};
    const auto outcome = shake_hands(server, client, "", asks_for(name));
    CHECK_MESSAGE(outcome.client, outcome.reason);
    CHECK(outcome.name == name);
  }
  const std::string long_name = std::string(60, 'a') + "." + std::string(60, 'b') + ".example.com";
  Client client{authority.certificate()};
  CHECK(shake_hands(server, client, "", asks_for(long_name)).client);
}

TEST_CASE("a client that asks for no name gets the fallback's certificate, also for an address") {
  auto authority = new_authority();
  TlsServer server{authority};
  for (const std::string address : {"203.0.113.9", "2001:db8::1"}) {
    Client client{authority.certificate()};
    const auto outcome = shake_hands(server, client, address, [&](SSL* ssl) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), address.c_str());
    });
    CHECK_MESSAGE(outcome.client, outcome.reason);
    CHECK(outcome.name.empty());
  }
}

TEST_CASE("nothing is said to whom asks for what is no host") {
  auto authority = new_authority();
  TlsServer server{authority};
  for (const std::string name : {"a b", "127.0.0.1.0x7f", "bad_%00.example", "x/y", "a\nb"}) {
    Client client{authority.certificate()};
    CHECK_FALSE(shake_hands(server, client, "api.example.com", asks_for(name)).server);
  }
}

TEST_CASE("another authority's clients are not fooled") {
  auto authority = new_authority();
  auto other = new_authority();
  TlsServer server{authority};
  Client client{other.certificate()};
  CHECK_FALSE(shake_hands(server, client, "", asks_for("api.example.com")).client);
}

TEST_CASE("h2 and http/1.1 are spoken, and nothing else") {
  auto authority = new_authority();
  TlsServer server{authority};
  const auto offering = [](std::string protocols) {
    return [protocols](SSL* ssl) {
      asks_for("api.example.com")(ssl);
      SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(protocols.data()),
                          static_cast<unsigned>(protocols.size()));
    };
  };
  Client both{authority.certificate()};
  CHECK(shake_hands(server, both, "", offering("\x08http/1.1\x02h2")).protocol == "h2");
  Client older{authority.certificate()};
  CHECK(shake_hands(server, older, "", offering("\x08http/1.1")).protocol == "http/1.1");
  Client newer{authority.certificate()};
  CHECK_FALSE(shake_hands(server, newer, "", offering("\x02h3")).client);
}

TEST_CASE("a session is resumed, and asks for its name again") {
  auto authority = new_authority();
  TlsServer server{authority};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    Client client{authority.certificate()};
    SSL_CTX_set_max_proto_version(client.context.get(), version);
    CHECK_FALSE(shake_hands(server, client, "", asks_for("api.example.com")).resumed);
    REQUIRE(client.session);
    const auto again = shake_hands(server, client, "", asks_for("api.example.com"));
    CHECK(again.resumed);
    CHECK(again.name == "api.example.com");
    // What counts is what this handshake asks for, not what the session was made for.
    CHECK(shake_hands(server, client, "", asks_for("other.example.com")).name == "other.example.com");
  }
  Client old{authority.certificate()};
  SSL_CTX_set_min_proto_version(old.context.get(), TLS1_1_VERSION);
  SSL_CTX_set_max_proto_version(old.context.get(), TLS1_1_VERSION);
  CHECK_FALSE(shake_hands(server, old, "", asks_for("api.example.com")).client);
}

TEST_CASE("leaves are kept, and not without end") {
  auto authority = new_authority();
  const X509* first = authority.leaf("a.example.com");
  CHECK(first != nullptr);
  CHECK(authority.leaf("a.example.com") == first);
  for (std::size_t i = 0; i < CertificateAuthority::max_leaves + 5; ++i) {
    CHECK(authority.leaf("n" + std::to_string(i) + ".example.com") != nullptr);
  }
  CHECK(authority.hash_link().ends_with(".0"));
  CHECK(authority.certificate_pem().starts_with("-----BEGIN CERTIFICATE-----"));
}

TEST_CASE("the name in a connection's beginning is read without an answer") {
  const std::unique_ptr<SSL_CTX, SslDeleter> context{SSL_CTX_new(TLS_client_method())};
  const SslPointer ssl{SSL_new(context.get())};
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl.get(), in, out);
  SSL_set_tlsext_host_name(ssl.get(), "Pinned.Example.com");
  SSL_set_connect_state(ssl.get());
  SSL_do_handshake(ssl.get());
  char* data = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(out, &data));
  const std::string hello{data, size};
  CHECK(peek_server_name(hello) == "pinned.example.com");
  for (std::size_t part = 0; part < hello.size(); part += 7) CHECK_FALSE(peek_server_name(hello.substr(0, part)));
  CHECK(peek_server_name("GET / HTTP/1.1\r\nHost: x\r\n\r\n") == "");
}

}  // namespace
}  // namespace runagents::http
