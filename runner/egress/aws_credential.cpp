#include "runner/egress/aws_credential.hpp"

#include <algorithm>

#include "core/auth/aws_sources.hpp"

namespace runagents::egress {
namespace {

using enum model::RefusalCode;
using Found = Result<auth::AwsCredentials>;

constexpr std::size_t max_held_bytes = 8 * 1024 * 1024;
/// Temporary credentials are replaced this long before they end, or when four fifths of their time are over.
constexpr std::chrono::minutes margin{5};
/// After a renewal that failed while the old ones still hold.
constexpr std::chrono::seconds retry_delay{5};

std::unexpected<Refusal> unsigned_chunks(const model::Tool& tool) {
  return refuse(
      credential_unavailable,
      "the body for " + tool.title() + " is signed in chunks with the agent's own key, which is worth nothing",
      "switch chunk signing off in the SDK: payload_signing_enabled = false (boto3), "
      "chunkedEncodingEnabled(false) (Java)");
}

}  // namespace

std::shared_ptr<const auth::AwsSettings> read_aws_ahead(std::span<const model::Tool* const> tools,
                                                        std::map<std::string, std::string> environment, bool fenced) {
  const auto uses_aws = [](const model::Tool* tool) { return tool->auth.type == model::AuthType::aws_sigv4; };
  if (std::ranges::none_of(tools, uses_aws)) return nullptr;
  auto settings = std::make_shared<auth::AwsSettings>(auth::load_aws_settings(std::move(environment)));
  if (!fenced) return settings;
  std::map<std::string, Result<std::string>> outputs;
  for (const auto* tool : tools) {
    if (!uses_aws(tool) || tool->auth.secret) continue;
    for (const auto& command : auth::credential_processes(*settings, tool->auth.profile)) {
      if (!outputs.contains(command)) outputs.emplace(command, settings->run(command));
    }
  }
  settings->run = [outputs = std::move(outputs)](const std::string& command) -> Result<std::string> {
    if (const auto known = outputs.find(command); known != outputs.end()) return known->second;
    return fail(ErrorCode::unavailable, "no command is run while the agent runs");
  };
  return settings;
}

AwsCredential::AwsCredential(Secrets& secrets, Worker& worker, std::shared_ptr<const auth::AwsSettings> settings,
                             const model::Tool& tool)
    : secrets_{secrets},
      worker_{worker},
      settings_{std::move(settings)},
      tool_{tool},
      region_{tool.auth.region.empty() ? settings_->region(tool.auth.profile) : tool.auth.region},
      over_tls_{tool.base_url.scheme == "https"},
      is_s3_{auth::is_s3(tool.auth.service)} {}

bool AwsCredential::is_usable() const { return credential_ && SystemClock::now() < expires_at_; }

bool AwsCredential::is_due() const { return !is_usable() || SystemClock::now() >= renew_at_; }

http::Task<Found> AwsCredential::find() {
  if (!tool_.auth.secret) {
    co_return co_await offload<Found>(worker_, [settings = settings_, profile = tool_.auth.profile] {
      return auth::find_aws_credentials(*settings, profile);
    });
  }
  const auto secret = co_await secrets_.read(*tool_.auth.secret);
  if (!secret) co_return std::unexpected(secret.error());
  auto parsed = auth::parse_aws_credentials(secret->reveal(), tool_.auth.secret->to_string());
  if (!parsed) parsed.error().message = tool_.auth.secret->to_string() + ": " + parsed.error().message;
  co_return parsed;
}

void AwsCredential::keep(auth::AwsCredentials found) {
  const auto now = SystemClock::now();
  expires_at_ = renew_at_ = SystemClock::time_point::max();
  if (found.expires_at) {
    expires_at_ = *found.expires_at;
    renew_at_ = expires_at_ - std::min<SystemClock::duration>(margin, (expires_at_ - now) / 5);
  }
  auto credential = std::make_shared<Credential>();
  credential->label = "aws_sigv4 " + found.origin;
  if (tool_.scrubs()) {
    credential->scrub = std::make_shared<const ScrubPatterns>(std::vector{found.session_token.reveal()});
  }
  credential->signer = std::make_unique<AwsSigner>(std::make_shared<auth::AwsCredentials>(std::move(found)), region_,
                                                   tool_.auth.service, over_tls_);
  credential_ = std::move(credential);
}

http::Task<Verdict> AwsCredential::obtain() {
  obtaining_.emplace(co_await http::asio::this_coro::executor, http::Timer::time_point::max());
  auto found = co_await find();
  if (found && found->expires_at && *found->expires_at <= SystemClock::now()) {
    found = fail(ErrorCode::unavailable, "what " + found->origin + " gives has expired",
                 "log in again, or start another run: a credential_process runs only before the agent does");
  }
  failure_.reset();
  if (found) {
    keep(std::move(*found));
  } else {
    renew_at_ = SystemClock::now() + retry_delay;
    failure_ =
        refuse(credential_unavailable,
               "the credential of " + tool_.title() + " is not available: " + found.error().message, found.error().hint)
            .error();
  }
  obtaining_->cancel();
  obtaining_.reset();
  if (failure_) co_return std::unexpected(*failure_);
  co_return pass();
}

/// Until there are credentials that hold, or it is known that there are none.
http::Task<Verdict> AwsCredential::await_usable() {
  while (!is_usable()) {
    if (!obtaining_) {
      auto verdict = co_await obtain();
      co_return verdict;
    }
    static_cast<void>(co_await obtaining_->async_wait(http::by_value));
    if (!is_usable() && failure_) co_return std::unexpected(*failure_);
  }
  co_return pass();
}

http::Task<Verdict> AwsCredential::inject(Call& call, Exchange& exchange) {
  if (region_.empty()) {
    co_return refuse(credential_unavailable, "nothing says which AWS region " + tool_.title() + " is in",
                     "set region in its auth, AWS_REGION, or the region of the profile");
  }
  if (is_due() && !obtaining_) {
    auto verdict = co_await obtain();
    // A renewal that failed does no harm as long as the old ones hold.
    if (!verdict && !is_usable()) co_return verdict;
  }
  auto usable = co_await await_usable();
  if (!usable) co_return usable;
  call.credential = credential_;
  auto held = co_await hold_body(call, exchange);
  co_return held;
}

/// Has the body in memory where its hash can be had in no other way, or for nothing.
http::Task<Verdict> AwsCredential::hold_body(Call& call, Exchange& exchange) const {
  auto payload = aws_payload(call, over_tls_, is_s3_);
  if (payload == AwsPayload::chunk_signed) co_return unsigned_chunks(tool_);
  if (payload == AwsPayload::unsigned_body && !call.head->expects_continue) {
    bool is_here = exchange.body_is_here();
    if (!is_here) is_here = co_await exchange.gather_small_body();
    if (is_here) payload = AwsPayload::to_be_held;
  }
  if (payload != AwsPayload::to_be_held) co_return pass();
  auto body = co_await exchange.read_whole_body(max_held_bytes);
  if (!body) {
    co_return refuse(body_too_large,
                     "the body for " + tool_.title() +
                         " has to be hashed before it is sent, and did not arrive whole or is "
                         "longer than " +
                         std::to_string(max_held_bytes) + " bytes",
                     "send X-Amz-Content-Sha256 with the body's SHA-256, as AWS's SDKs do where they can");
  }
  call.held_body = std::move(body);
  co_return pass();
}

http::Task<bool> AwsCredential::renew(Call& /*call*/) {
  // AWS answers 403 to what it does not accept, and credentials are renewed before they expire.
  co_return false;
}

}  // namespace runagents::egress
