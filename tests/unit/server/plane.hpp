#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include "core/api/control_plane.hpp"
#include "server/embedded.hpp"
#include "server/plane.hpp"
#include "tests/unit/store_location.hpp"

namespace runagents::tests {

/// A control plane in this process, as the program has it, on the kind of store that this run of the tests is about.
class Plane {
 public:
  explicit Plane(const std::filesystem::path& directory) : transport_{open(directory)}, client_{*transport_} {}
  api::ControlPlane* operator->() { return &client_; }
  api::ControlPlane& operator*() { return client_; }
  api::Transport& transport() { return *transport_; }

 private:
  class OnPostgresql final : public api::Transport {
   public:
    explicit OnPostgresql(const std::filesystem::path& directory) {
      std::filesystem::create_directory(directory);
      auto opened =
          server::Plane::open({.data_directory = directory, .database = store_location(directory), .issuer = {}});
      if (!opened) throw std::runtime_error{opened.error().message};
      plane_ = std::move(*opened);
    }
    [[nodiscard]] Result<api::Response> send(const api::Request& request) override {
      return plane_->answer_owner(request);
    }

   private:
    std::unique_ptr<server::Plane> plane_;
  };

  static std::unique_ptr<api::Transport> open(const std::filesystem::path& directory) {
    if (uses_postgresql) return std::make_unique<OnPostgresql>(directory);
    auto opened = server::open_embedded(directory);
    if (!opened) throw std::runtime_error{opened.error().message};
    return std::move(*opened);
  }

  std::unique_ptr<api::Transport> transport_;
  api::ControlPlane client_;
};

inline model::Action sample_action() {
  return {.agent = "billing-agent",
          .tool = "stripe",
          .capability = "charges.create",
          .method = "POST",
          .url = "https://api.stripe.com/v1/charges",
          .end_user = "ada@example.org",
          .body_sha256 = std::string(64, 'a')};
}

inline model::ApprovalRequest sample_request(const std::string& run_id = "RUN1") {
  model::ApprovalRequest request;
  request.run_id = run_id;
  request.action = sample_action();
  request.policy = "payments";
  request.rule = 2;
  request.body_preview = R"({"amount":5})";
  request.body_bytes = 12;
  request.content_type = "application/json";
  request.approver_groups = {"finance"};
  request.expires_at = model::now() + std::chrono::minutes{10};
  return request;
}

/// The body of a request as a client of the HTTP API writes it.
inline std::string wire_request(const std::string& run_id) {
  return R"({"agent_id":"a","tool_id":"t","tool_method":"POST","tool_url":"https://x/","payload_hash":")" +
         std::string(64, 'a') + R"(","duration":"4h","run_id":")" + run_id + R"("})";
}

inline api::ApprovalDecision yes(model::Scope scope = model::Scope::once) {
  return {.scope = scope, .duration = {}, .approver = "grace", .reason = "looks fine"};
}

}  // namespace runagents::tests
