#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/secret.hpp"
#include "core/http/head.hpp"
#include "runner/egress/scrubber.hpp"

namespace runagents::egress {

/// A request as it is about to be sent, for whoever signs it.
struct UnsignedRequest {
  std::string_view method;
  std::string_view path;                   ///< as it is sent
  std::string_view query;                  ///< as it is sent, without "?"
  const std::vector<http::Field>& fields;  ///< all that is written so far, Host included
  const std::vector<http::Field>& agents;  ///< all that the agent sent
  const std::string* body = nullptr;       ///< when it is held in memory; null: it streams, or there is none
  bool has_body = false;
};

/// A credential that depends on the request it goes with. Shared by calls; of the engine's thread.
class RequestSigner {
 public:
  RequestSigner() = default;
  virtual ~RequestSigner() = default;
  RequestSigner(const RequestSigner&) = delete;
  RequestSigner& operator=(const RequestSigner&) = delete;

  /// Whether a field of the agent's is taken away because the signature says it.
  [[nodiscard]] virtual bool replaces_field(std::string_view name) const = 0;
  /// Appends the agent's path and query as they are to be sent, without what the agent signed with.
  virtual void write_target(std::string_view path, std::string_view query, std::string& out) const = 0;
  /// Appends the signature's field lines, each ended by CR LF, to the head in `out`.
  virtual void sign(const UnsignedRequest& request, std::string& out) const = 0;
};

/// What is put into a request in place of whatever the agent had there. Immutable, shared by the calls that use it, so
/// that it can be replaced by a newer one while they are under way.
struct Credential {
  config::Secret value;                                   ///< as it stands in the field or parameter
  std::string field;                                      ///< name of the header field; empty: none
  std::string parameter;                                  ///< name of the query parameter; empty: none
  std::string label;                                      ///< kind and reference, for the record
  std::unique_ptr<const RequestSigner> signer = nullptr;  ///< instead of field and parameter
  std::shared_ptr<const ScrubPatterns> scrub = nullptr;   ///< what the tool must not tell the agent; null: nothing
};

}  // namespace runagents::egress
