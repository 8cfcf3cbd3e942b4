#pragma once

#include <deque>
#include <string>
#include <vector>

#include "core/api/transport.hpp"

namespace runagents::tests {

/// A control plane that answers from a list; what it was asked is kept. An empty list ends in "no answer".
class ScriptedTransport final : public api::Transport {
 public:
  std::deque<Result<api::Response>> answers;
  std::vector<api::Request> requests;

  ScriptedTransport& answer(int status, std::string body, api::Fields fields = {}) {
    answers.emplace_back(api::Response{status, std::move(body), std::move(fields)});
    return *this;
  }
  ScriptedTransport& lose() {
    answers.emplace_back(fail(ErrorCode::unavailable, "the connection broke"));
    return *this;
  }

  [[nodiscard]] Result<api::Response> send(const api::Request& request) override {
    requests.push_back(request);
    if (answers.empty()) return fail(ErrorCode::unavailable, "there is no more in the script");
    auto next = std::move(answers.front());
    answers.pop_front();
    return next;
  }

  /// "GET /path POST /path ..."
  [[nodiscard]] std::string asked() const {
    std::string text;
    for (const auto& one : requests) text += (text.empty() ? "" : " ") + one.method + " " + one.target;
    return text;
  }
};

}  // namespace runagents::tests
