#pragma once

#include <memory>
#include <string>

#include "core/http/head.hpp"
#include "runner/egress/call.hpp"
#include "runner/egress/limiter.hpp"
#include "runner/egress/snapshot.hpp"

namespace runagents::egress::tests {

/// A project with one tool behind an alias door, and a request that came through it.
struct Sample {
  explicit Sample(std::string request_text, model::Auth auth = {}, std::string end_user = {})
      : text{std::move(request_text)} {
    model::Project project;
    project.agent.name = "bot";
    project.agent.tools = {"api"};
    model::Tool tool;
    tool.name = "api";
    tool.base_url = {"https", "api.example.com", 443, "/v1"};
    tool.auth = std::move(auth);
    project.tools = {tool};
    model::Policy policy;
    policy.name = "p";
    policy.subjects = {"agent:bot"};
    policy.rules.push_back({});
    policy.rules.back().permission = model::Permission::allow;
    policy.rules.back().tool = "api";
    project.policies = {policy};
    snapshot = std::make_shared<Snapshot>(
        Snapshot{policy::Evaluator{project}, "RUN", "bot", "spiffe://local/agent/bot", std::move(end_user), nullptr});
    limiter = std::make_unique<Limiter>(model::Limits{}, snapshot->evaluator.tools());
    std::const_pointer_cast<Snapshot>(snapshot)->limiter = limiter.get();
    arrival.door = Door::alias;
    arrival.tool = snapshot->evaluator.tools().front();
    arrival.authority = "127.0.0.1:4000";
    arrival.peer = Peer{1, "/bin/agent"};
    parsed = http::parse_request_head(text, {}, head).value_or(0) == text.size();
    call.reset(arrival);
    call.head = &head;
    call.snapshot = snapshot;
    call.request_id = "REQUEST";
  }

  std::string text;
  std::shared_ptr<Snapshot> snapshot;
  std::unique_ptr<Limiter> limiter;
  Arrival arrival;
  http::RequestHead head;
  Call call;
  bool parsed = false;
};

/// "GET /v1/items HTTP/1.1" with these field lines, each ended by CR LF.
inline std::string get(const std::string& fields = {}, const std::string& target = "/v1/items") {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n" + fields + "\r\n";
}

}  // namespace runagents::egress::tests
