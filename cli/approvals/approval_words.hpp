#pragma once

#include <chrono>
#include <string>

#include "core/model/approval.hpp"

namespace runagents::cli {

// An approval request in plain words. What they return may hold what an agent wrote: it is for output::printable.

/// What will happen, in one line: "POST https://api.stripe.com/v1/refunds", "MCP tool merge of github at https://...",
/// "gRPC bank.Accounts/Transfer at https://...", "model gpt-4o of main at https://...".
[[nodiscard]] std::string call_of(const model::ApprovalRequest& request);
/// The same without the server's address, which the tool stands for: "POST /v1/refunds", "merge", "Accounts/Transfer".
[[nodiscard]] std::string short_call_of(const model::ApprovalRequest& request);

/// What would be allowed by an approval of this scope.
[[nodiscard]] std::string meaning_of(model::Scope scope, const model::ApprovalRequest& request);

/// "ada@example.com", or "nobody (no end user)".
[[nodiscard]] std::string for_whom(const model::ApprovalRequest& request);

/// "no body", "12 B of application/json"; of one that is no text: "3.1 KiB of image/png, not text".
[[nodiscard]] std::string body_in_words(const model::ApprovalRequest& request);

/// SHA-256 of the body in hex; empty where there is none, and of MCP, whose calls are told apart by what they say and
/// not by their bytes.
[[nodiscard]] std::string body_digest(const model::ApprovalRequest& request);

/// Whether `body_preview` holds text that a person can read.
[[nodiscard]] bool has_readable_body(const model::ApprovalRequest& request);

/// "9 min 48 s", in whole seconds; "no time" for what is over.
[[nodiscard]] std::string time_left(const model::ApprovalRequest& request, model::Time now);

}  // namespace runagents::cli
