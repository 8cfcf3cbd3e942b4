#include "core/api/http_transport.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <fmt/format.h>
#include <optional>
#include <thread>
#include <utility>

#include "core/auth/hash.hpp"
#include "core/config/address.hpp"
#include "core/config/url.hpp"
#include "core/policy/target.hpp"

namespace runagents::api {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int max_attempts = 4;
constexpr milliseconds max_waiting = seconds{30};
constexpr std::size_t max_answer_bytes = std::size_t{64} << 20U;

/// RFC 9110, 10.2.3, in seconds; the other form, a date, is not what these servers send.
std::optional<milliseconds> retry_after(const http::FetchResponse& response) {
  const auto text = response.field("retry-after");
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > 3600) return std::nullopt;
  return seconds{value};
}

/// The server says that the token itself is no good.
bool blames_token(const http::FetchResponse& response) {
  return response.status == 401 && response.field("www-authenticate").contains("invalid_token");
}

bool has_key(const Request& request) { return !field(request.fields, "idempotency-key").empty(); }

bool may_be_repeated(const Request& request) {
  if (request.at_most_once) return false;
  return request.method == "GET" || request.method == "HEAD" || request.method == "PUT" || request.method == "DELETE" ||
         has_key(request);
}

/// How long the server may take its time with a request on purpose.
milliseconds wait_of(std::string_view target) {
  for (const std::string_view start : {"?wait=", "&wait="}) {
    const auto at = target.find(start);
    if (at == std::string_view::npos) continue;
    std::uint32_t value = 0;
    std::from_chars(target.data() + at + start.size(), target.data() + target.size(), value);
    return milliseconds{std::min(value, std::uint32_t{10} * 60 * 1000)};
  }
  return milliseconds{0};
}

class HttpTransport final : public Transport {
 public:
  explicit HttpTransport(HttpTransportOptions options)
      : options_{std::move(options)}, is_local_{is_loopback(options_.endpoint)} {}

  [[nodiscard]] Result<Response> send(const Request& given) override {
    Request request = given;
    if (request.method == "POST" && !has_key(request)) {
      request.fields.emplace_back("idempotency-key", auth::hex(auth::random_bytes(16)));
    }
    if (auto got = take_credential({}); !got) return std::unexpected(std::move(got.error()));
    auto response = send_patiently(request);
    if (response && blames_token(*response) && options_.credential && !is_api_key(credential_.reveal())) {
      const config::Secret refused{std::string{credential_.reveal()}};
      // Why there is no other one says more than the refusal does.
      if (auto got = take_credential(refused.reveal()); !got) return std::unexpected(std::move(got.error()));
      if (credential_.reveal() != refused.reveal()) response = send_patiently(request);
    }
    if (!response) return std::unexpected(std::move(response.error()));
    return Response{
        .status = response->status, .body = std::move(response->body), .fields = std::move(response->fields)};
  }

 private:
  Result<void> take_credential(std::string_view refused) {
    if (!options_.credential) return {};
    auto credential = options_.credential(refused);
    if (!credential) return std::unexpected(std::move(credential.error()));
    credential_ = std::move(*credential);
    return {};
  }

  Result<http::FetchResponse> send_patiently(const Request& request) {
    milliseconds waited{0};
    for (int attempt = 1;; ++attempt) {
      auto response = send_once(request);
      if (!response || (response->status != 429 && response->status != 503)) return response;
      const auto wait = retry_after(*response);
      if (!wait || attempt == max_attempts || !may_be_repeated(request) || waited + *wait > max_waiting) {
        return response;
      }
      waited += *wait;
      pause(*wait);
    }
  }

  Result<http::FetchResponse> send_once(const Request& request) {
    const auto start = std::chrono::steady_clock::now();
    http::FetchRequest fetch{.method = request.method,
                             .url = options_.endpoint + std::string{base_path} + request.target,
                             .fields = fields_of(request),
                             .body = request.body,
                             .ca_file = options_.ca_file,
                             .timeout = options_.timeout + wait_of(request.target),
                             .max_body_bytes = max_answer_bytes,
                             .without_proxy = is_local_,
                             .keep_alive = true,
                             .at_most_once = request.at_most_once};
    auto response = options_.fetch(fetch);
    for (auto& [name, value] : fetch.fields) config::wipe(value);
    if (options_.trace) {
      const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - start);
      options_.trace(fmt::format("{} {} {} {} ms", request.method, fetch.url,
                                 response ? std::to_string(response->status) : "no answer", took.count()));
    }
    return response;
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> fields_of(const Request& request) const {
    std::vector<std::pair<std::string, std::string>> fields = request.fields;
    if (!request.body.empty() && field(request.fields, "content-type").empty()) {
      fields.emplace_back("content-type", "application/json");
    }
    if (field(request.fields, "accept").empty()) fields.emplace_back("accept", "application/json");
    const auto credential = credential_.reveal();
    if (is_api_key(credential)) {
      fields.emplace_back("x-runlayer-api-key", credential);
    } else if (!credential.empty()) {
      fields.emplace_back("authorization", "Bearer " + std::string{credential});
    }
    return fields;
  }

  void pause(milliseconds length) const {
    if (options_.pause) return options_.pause(length);
    std::this_thread::sleep_for(length);
  }

  HttpTransportOptions options_;
  bool is_local_;
  config::Secret credential_;
};

}  // namespace

Result<std::string> checked_endpoint(std::string_view text, bool allow_insecure) {
  const auto refuse = [](const std::string& why) {
    return fail(ErrorCode::usage, "the endpoint " + why, "write it like https://runagents.example.com");
  };
  const auto target = policy::parse_target(text);
  if (!target) return refuse("is not a URL: " + target.error().message);
  if (target->has_query) return refuse("has a query");
  if (!allow_insecure && config::leaves_in_clear(target->scheme, target->authority.host)) {
    return fail(ErrorCode::usage, "the endpoint is not https, and credentials would go there in clear",
                "use https, or set RUNAGENTS_ALLOW_INSECURE_TRANSPORT=1 for a test");
  }
  auto url = target->to_string();
  const auto drop = [&url](std::string_view end) {
    if (url.ends_with(end)) url.resize(url.size() - end.size());
  };
  drop("/");
  drop(base_path);
  return url;
}

bool is_loopback(std::string_view endpoint) {
  const auto target = policy::parse_target(endpoint);
  return target && config::kind_of_host(target->authority.host) == config::HostKind::loopback;
}

std::unique_ptr<Transport> open_http(HttpTransportOptions options) {
  return std::make_unique<HttpTransport>(std::move(options));
}

}  // namespace runagents::api
