#include <charconv>
#include <memory>

#include "cli/command.hpp"
#include "cli/groups.hpp"
#include "server/serve.hpp"

namespace runagents::cli {
namespace {

struct Server {
  std::string listen = "127.0.0.1:8400";
  std::string data;
  std::string database;
  std::string certificate;
  std::string key;
  std::string public_url;
  std::string admin_email = "admin@localhost";
  std::string bootstrap;
  std::vector<std::string> origins;
  std::uint32_t rate_limit = 0;
  bool internal_webhooks = false;
  bool insecure = false;
};

struct Endpoint {
  std::string address;
  std::uint16_t port = 0;
};

Result<Endpoint> endpoint_of(const std::string& text) {
  const auto colon = text.rfind(':');
  Endpoint endpoint;
  if (colon != std::string::npos) {
    endpoint.address = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + colon + 1, end, endpoint.port);
    if (read.ec == std::errc{} && read.ptr == end) {
      if (endpoint.address == "localhost") endpoint.address = "127.0.0.1";
      if (endpoint.address.starts_with('[') && endpoint.address.ends_with(']')) {
        endpoint.address = endpoint.address.substr(1, endpoint.address.size() - 2);
      }
      return endpoint;
    }
  }
  return fail(ErrorCode::usage, "--listen: \"" + text + "\" is no ADDRESS:PORT",
              "such as 127.0.0.1:8400 or [::1]:8400");
}

bool is_loopback(const std::string& address) { return address.starts_with("127.") || address == "::1"; }

Result<void> check_tls(const Server& options, const Endpoint& endpoint) {
  if (options.certificate.empty() != options.key.empty()) {
    return fail(ErrorCode::usage, "--tls-cert and --tls-key go together");
  }
  if (!options.certificate.empty() || options.insecure || is_loopback(endpoint.address)) return {};
  return fail(ErrorCode::usage,
              "without TLS a server listens on the loopback only: keys and tokens could be read on the way",
              "give --tls-cert and --tls-key, or --insecure where something in front of it speaks TLS");
}

/// Scheme and host, without a "/" at the end, because paths follow.
Result<std::string> public_url_of(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  const auto host = url.starts_with("https://") ? 8U : url.starts_with("http://") ? 7U : 0U;
  if (url.empty() || (host > 0 && url.size() > host && url.find_first_of("/?#@ ", host) == std::string::npos)) {
    return url;
  }
  return fail(ErrorCode::usage, "--public-url must be scheme and host only, such as https://runagents.example.org");
}

std::filesystem::path absolute(const std::string& path, const Context& context) {
  return path.empty() ? std::filesystem::path{} : context.working_directory / path;
}

void greet(const server::Ready& ready, const Server& options, const Context& context) {
  auto& out = context.terminal.out;
  out << "runagents server: " << ready.url << '\n';
  if (ready.administrator) {
    out << "first administrator: " << ready.administrator->email << '\n'
        << "API key, shown this once: " << ready.administrator->api_key.reveal() << '\n'
        << "next: runagents context add NAME " << ready.url << '\n';
  } else if (!options.bootstrap.empty()) {
    out << "first administrator: see " << options.bootstrap << '\n';
  }
  out.flush();
}

Outcome run_server(const Server& options, Context& context) {
  const auto endpoint = endpoint_of(options.listen);
  if (!endpoint) return std::unexpected(endpoint.error());
  if (auto fit = check_tls(options, *endpoint); !fit) return std::unexpected(fit.error());
  const auto url = public_url_of(options.public_url);
  if (!url) return std::unexpected(url.error());
  const auto directories = context.directories();
  if (!directories && options.data.empty()) return std::unexpected(directories.error());
  server::ServeOptions serve;
  serve.address = endpoint->address;
  serve.port = endpoint->port;
  serve.data_directory = options.data.empty() ? directories->data / "server" : absolute(options.data, context);
  serve.database = options.database.empty() ? context.environment("RUNAGENTS_DATABASE").value_or("") : options.database;
  serve.certificate = absolute(options.certificate, context).string();
  serve.key = absolute(options.key, context).string();
  serve.public_url = *url;
  serve.admin_email = options.admin_email;
  serve.bootstrap_file = absolute(options.bootstrap, context);
  serve.requests_per_second = options.rate_limit;
  serve.has_internal_webhooks = options.internal_webhooks;
  serve.allowed_origins = options.origins;
  const auto done = server::serve(serve, [&](const server::Ready& ready) { greet(ready, options, context); });
  if (!done) return std::unexpected(done.error());
  return 0;
}

}  // namespace

Command server_command() {
  auto options = std::make_shared<Server>();
  return {
      .name = "server",
      .summary = "serve the control plane over HTTP",
      .description =
          "Serves accounts, delegations, grants, policies, approvals and runs, tokens (OAuth 2.0) and the proxy to MCP "
          "servers\nuntil SIGINT or SIGTERM; then it finishes the requests at hand.\n\n"
          "A new store gets a first administrator, whose API key is shown once, or written to the file of "
          "--bootstrap.\n"
          "Several processes serve one store with --database and the same store key in --data.",
      .examples = {{"runagents server --listen 127.0.0.1:8400", "for this machine"},
                   {"runagents server --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem",
                    "for others, with TLS"}},
      .flags = {{.name = "listen",
                 .value = "ADDRESS:PORT",
                 .summary = "where it listens; port 0 takes a free one",
                 .binding = &options->listen,
                 .default_text = "127.0.0.1:8400"},
                {.name = "data",
                 .value = "DIR",
                 .summary = "directory of the store and its key",
                 .binding = &options->data,
                 .default_text = "$XDG_DATA_HOME/runagents/server",
                 .means = Means::directory},
                {.name = "database",
                 .value = "URL",
                 .summary = "postgresql://... instead of SQLite; with a password better in RUNAGENTS_DATABASE",
                 .binding = &options->database},
                {.name = "tls-cert",
                 .value = "FILE",
                 .summary = "certificate chain, PEM",
                 .binding = &options->certificate,
                 .means = Means::file},
                {.name = "tls-key",
                 .value = "FILE",
                 .summary = "its private key, PEM",
                 .binding = &options->key,
                 .means = Means::file},
                {.name = "public-url",
                 .value = "URL",
                 .summary = "how clients reach it, when that is not where it listens",
                 .binding = &options->public_url},
                {.name = "bootstrap",
                 .value = "FILE",
                 .summary = "write URL, user and API key of the first administrator there, as JSON, mode 0600",
                 .binding = &options->bootstrap,
                 .means = Means::file},
                {.name = "admin-email",
                 .value = "ADDRESS",
                 .summary = "e-mail address of the first administrator",
                 .binding = &options->admin_email,
                 .default_text = "admin@localhost"},
                {.name = "rate-limit",
                 .value = "N",
                 .summary = "requests per second of each client's address; 0: no limit",
                 .binding = &options->rate_limit,
                 .default_text = "0"},
                {.name = "allow-origin",
                 .value = "ORIGIN",
                 .summary = "web pages that may speak MCP to it (repeatable)",
                 .binding = &options->origins},
                switch_flag("internal-webhooks", "webhooks may be at internal addresses, and at http URLs",
                            options->internal_webhooks),
                switch_flag("insecure", "listen beyond the loopback without TLS", options->insecure)},
      .run = [options](Context& context) { return run_server(*options, context); }};
}

}  // namespace runagents::cli
