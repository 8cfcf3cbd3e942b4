#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/model/refusal_code.hpp"

namespace runagents::cli {

/// A call of the agent as a run's record has it; text that the record has nothing about is empty.
struct RecordedCall {
  std::uint64_t seq = 0;
  bool is_of_model = false;
  std::string door;
  std::string tool;
  std::string capability;
  std::string method;
  std::string mcp_method;
  std::string model;
  std::string url;  ///< values of the query are masked
  std::string decision;
  std::string code;
  std::string would_code;
  std::string policy;
  std::string end_user;
  std::string approval_id;
  std::uint32_t rule = 0;
  int status = 0;

  /// What policy was asked about: the HTTP method; the model; of messages of MCP the names of their tools or methods,
  /// each once.
  [[nodiscard]] std::vector<std::string> operations() const;
  /// Without the query.
  [[nodiscard]] std::string place() const;
  /// What registration, policy, capabilities and approvals said of it when it was made: a code of theirs,
  /// approval_required for all that a person was asked for, nothing when it passed.
  [[nodiscard]] std::optional<model::RefusalCode> judgement() const;
  /// Whether they were asked at all: not of what had no sound reading, came from elsewhere, or was for a forged user.
  [[nodiscard]] bool was_judged() const;
};

/// The call in a line of a run's record; nothing when it is an event of another kind.
[[nodiscard]] std::optional<RecordedCall> recorded_call(const std::string& line);

}  // namespace runagents::cli
