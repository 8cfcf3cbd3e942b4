#include <array>

#include "core/config/address.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"
#include "core/config/url.hpp"
#include "core/config/words.hpp"

namespace runagents::config {
namespace {

using model::Tool;
using model::ToolKind;

constexpr std::array kinds = {Word<ToolKind>{"http", ToolKind::http}, Word<ToolKind>{"mcp", ToolKind::mcp},
                              Word<ToolKind>{"tcp", ToolKind::tcp}};
constexpr std::array networks = {Word<model::Network>{"public", model::Network::public_only},
                                 Word<model::Network>{"private", model::Network::private_allowed}};

constexpr std::array tls_modes = {Word<model::Tls>{"intercept", model::Tls::intercept},
                                  Word<model::Tls>{"passthrough", model::Tls::passthrough}};

constexpr std::array http_versions = {Word<model::HttpVersion>{"auto", model::HttpVersion::automatic},
                                      Word<model::HttpVersion>{"1.1", model::HttpVersion::http1},
                                      Word<model::HttpVersion>{"2", model::HttpVersion::http2}};

void read_kind(const Value& value, Tool& tool) {
  if (const auto kind = read_word(value, kinds)) tool.kind = *kind;
}

void read_url(const Value& value, Tool& tool) {
  if (auto url = read_base_url(value)) tool.base_url = *std::move(url);
}

void read_capabilities(const Value& value, Tool& tool) { read_tables(value, tool.capabilities, read_capability); }

void read_network(const Value& value, Tool& tool) {
  if (const auto network = read_word(value, networks)) tool.network = *network;
}

void read_tls(const Value& value, Tool& tool) {
  if (const auto tls = read_word(value, tls_modes)) tool.tls = *tls;
}

void read_http_version(const Value& value, Tool& tool) {
  if (const auto version = read_word(value, http_versions)) tool.http_version = *version;
}

constexpr std::array keys = {
    Key<Tool>{"kind", Shape::text, read_kind},
    Key<Tool>{"description", Shape::prose, [](const Value& v, Tool& tool) { tool.description = v.text(); }},
    Key<Tool>{"base_url", Shape::text, read_url, true},
    Key<Tool>{"auth", Shape::table, [](const Value& v, Tool& tool) { read_auth(v, tool.auth); }, false, list_auth_keys},
    Key<Tool>{"capabilities", Shape::tables, read_capabilities, false, list_capability_keys},
    Key<Tool>{"risk_tags", Shape::words, [](const Value& v, Tool& tool) { tool.risk_tags = v.texts(); }},
    Key<Tool>{"limits", Shape::table, [](const Value& v, Tool& tool) { read_limits(v, tool.limits); }, false,
              list_limits_keys},
    Key<Tool>{"network", Shape::text, read_network},
    Key<Tool>{"tls", Shape::text, read_tls},
    Key<Tool>{"http_version", Shape::text, read_http_version},
    Key<Tool>{"insecure", Shape::boolean, [](const Value& v, Tool& tool) { tool.insecure = v.boolean(); }},
    Key<Tool>{"allow_encoded_slash", Shape::boolean,
              [](const Value& v, Tool& tool) { tool.allow_encoded_slash = v.boolean(); }},
    Key<Tool>{"trace_headers", Shape::boolean, [](const Value& v, Tool& tool) { tool.trace_headers = v.boolean(); }},
    Key<Tool>{"scrub", Shape::boolean, [](const Value& v, Tool& tool) { tool.scrub = v.boolean(); }},
    Key<Tool>{"ca_file", Shape::text, [](const Value& v, Tool& tool) { tool.ca_file = read_file_path(v); }},
    Key<Tool>{"timeout", Shape::text, [](const Value& v, Tool& tool) { read_duration(v, tool.timeout); }},
};

void check_scheme(const Value& url, const Tool& tool) {
  const bool is_tcp_url = tool.base_url.scheme == "tcp";
  if (is_tcp_url && tool.kind != ToolKind::tcp) {
    url.report(R"(is for kind "tcp")", R"(set kind = "tcp")");
  }
  if (!is_tcp_url && tool.kind == ToolKind::tcp) {
    url.report(R"(is not for kind "tcp")", "write it like \"tcp://localhost:5432\"");
  }
  if (tool.base_url.scheme == "builtin" && tool.kind != ToolKind::http) url.report(R"(is for kind "http")");
  if (tool.base_url.scheme == "builtin" && tool.http_version == model::HttpVersion::http2) {
    url.report("speaks HTTP/1.1", "leave http_version out");
  }
}

/// Nothing looks into the bytes of a TCP tool.
void check_tcp(const Value& table) {
  for (const std::string_view name : {"auth", "capabilities", "tls", "http_version", "insecure", "allow_encoded_slash",
                                      "trace_headers", "scrub", "ca_file"}) {
    const auto member = table.member(name);
    if (member) member->report_at_key(R"(means nothing for kind "tcp")");
  }
}

/// Silence is what such a connection is made of; it ends when one of its ends does.
constexpr std::chrono::hours tcp_timeout{24};

/// What is not looked into can be given nothing and be told apart by nothing.
void check_passthrough(const Value& table, const Tool& tool) {
  const auto tls = table.member("tls");
  if (!tls || tool.tls != model::Tls::passthrough) return;
  if (tool.base_url.scheme != "https") tls->report("means nothing without TLS", "use an https URL");
  if (!tool.base_url.path.empty()) tls->report("cannot be for a part of a server", "leave the path out of base_url");
  if (tool.auth.type != model::AuthType::none) {
    tls->report("keeps the credential from being injected", R"(use tls = "intercept", or no auth)");
  }
  if (tool.kind == ToolKind::mcp) {
    tls->report("keeps messages of MCP from being judged", R"(use tls = "intercept")");
  }
  if (const auto version = table.member("http_version")) {
    version->report_at_key("means nothing where TLS is passed through", R"(use tls = "intercept", or leave it out)");
  }
  if (!tool.capabilities.empty()) {
    tls->report("keeps capabilities from being enforced", R"(use tls = "intercept", or no capabilities)");
  }
}

void check_credential(const Value& url, const Tool& tool) {
  const bool has_credential = tool.auth.type != model::AuthType::none;
  const bool in_clear = leaves_in_clear(tool.base_url.scheme, tool.base_url.host);
  if (has_credential && in_clear && !tool.insecure) {
    url.report("would send the credential without TLS", "use https, or set insecure = true");
  }
}

void apply_network(const Value& table, Tool& tool) {
  const auto kind = kind_of_host(tool.base_url.host);
  if (kind != HostKind::loopback && kind != HostKind::internal) return;
  const auto member = table.member("network");
  if (member && tool.network == model::Network::public_only) {
    member->report("contradicts the base URL, which is on a private network");
  }
  tool.network = model::Network::private_allowed;
}

}  // namespace

void read_tool(const Value& table, Tool& tool) {
  read_table(table, keys, tool);
  check_capabilities(table, tool);
  if (tool.kind == ToolKind::tcp) {
    check_tcp(table);
    if (!table.member("timeout")) tool.timeout = tcp_timeout;
  }
  check_passthrough(table, tool);
  const auto url = table.member("base_url");
  if (!url || tool.base_url.host.empty()) return;
  check_scheme(*url, tool);
  check_credential(*url, tool);
  apply_network(table, tool);
}

void list_tool_keys(const std::string& prefix, Names& names) { list_keys(prefix, keys, names); }

}  // namespace runagents::config
