#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runner/egress/call.hpp"

namespace runagents::egress {

/// How the body of a forwarded request is framed.
struct RequestFraming {
  http::Framing framing = http::Framing::none;
  std::uint64_t content_length = 0;
  bool expects_continue = false;
  bool upgrade = false;
};

/// Writes the head of the request as the tool gets it into `out`: made anew from what was parsed, without hop-by-hop
/// fields, without anything that only the proxy may say, with the credential and the end user's identity.
void write_request_head(std::string& out, const Call& call, const RequestFraming& framing);

/// Writes the head of a client's request as the agent gets it: with the client's own target and host, without its token
/// and its trace, with the identity that was found and the ids that the ingress made.
void write_agent_head(std::string& out, const Call& call, const RequestFraming& framing);

/// Writes the field lines of a response as the agent gets them into `out`: without hop-by-hop fields and framing, with
/// a Location inside the tool rewritten to the alias door.
void write_response_fields(std::string& out, const Call& call, const http::ResponseHead& response);

/// Writes those trailer fields that may be passed on (RFC 9110, section 6.5.1) as field lines into `out`.
void write_trailers(std::string& out, const Call& call, const std::vector<http::Field>& trailers);
/// The same for the agent's trailers, less what its header may not hold: a credential, another method.
void write_request_trailers(std::string& out, const Call& call, const std::vector<http::Field>& trailers);

}  // namespace runagents::egress
