#pragma once

#include "server/oauth/oauth_result.hpp"
#include "server/oauth/oauth_services.hpp"

namespace runagents::server {

/// The pages by which a person logs in with a public client, by its browser (RFC 6749, section 4.1; RFC 7636; RFC 8252)
/// or on a device (RFC 8628): the request, then the sign-in by API key, then the decision. Every outcome is an answer;
/// an error is for failures of this server only.

/// `GET /oauth/authorize`. What is wrong with a request is told to the person, or, where the redirect URI leads
/// to their own machine, to the client there, with `state` and `iss` (RFC 9207).
[[nodiscard]] Result<Outgoing> answer_authorization(OAuthServices& services, const Incoming& request);
/// `GET /oauth/device`, where a device sends people; `user_code` in the query is filled in already.
[[nodiscard]] Result<Outgoing> answer_device_page(OAuthServices& services, const Incoming& request);
/// `POST /oauth/sign-in`.
[[nodiscard]] Result<Outgoing> answer_sign_in(OAuthServices& services, const Incoming& request);
/// `POST /oauth/decision`.
[[nodiscard]] Result<Outgoing> answer_decision(OAuthServices& services, const Incoming& request);

/// `POST /oauth/device_authorization` (RFC 8628, section 3.1).
[[nodiscard]] Outgoing answer_device_authorization(OAuthServices& services, const Incoming& request);
/// `POST /oauth/register` (RFC 7591): public clients only.
[[nodiscard]] Outgoing answer_registration(OAuthServices& services, const Incoming& request);

}  // namespace runagents::server
