#include "server/oauth/page.hpp"

#include "core/auth/base64.hpp"
#include "core/auth/hash.hpp"
#include "core/http/html.hpp"

namespace runagents::server {
namespace {

constexpr std::string_view style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:30rem;margin:3rem auto;padding:0 1rem;color:#1b1b1f}"
    "h1{font-size:1.3rem}label{display:block;margin:1rem 0 .25rem}"
    "input{font:inherit;width:100%;box-sizing:border-box;padding:.5rem;border:1px solid #8a8a93;border-radius:.3rem}"
    "button{font:inherit;margin:1.25rem .5rem 0 0;padding:.5rem 1.25rem;border:1px solid #1b1b1f;border-radius:.3rem;"
    "background:#fff}button.main{background:#1b1b1f;color:#fff}.trouble{color:#a4161a}dt{font-weight:600}"
    "dd{margin:0 0 .6rem;overflow-wrap:anywhere}";

/// The style is allowed by its hash, so that no other one can be brought in.
std::string policy(std::string_view form_target) {
  std::string text = "default-src 'none'; style-src 'sha256-" + auth::base64(auth::view(auth::sha256(style))) +
                     "'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
  if (!form_target.empty()) text += ' ' + std::string{form_target};
  return text;
}

}  // namespace

Outgoing page(std::string_view title, std::string_view body, int status, std::string_view form_target) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\"><title>";
  html += http::escaped_html(title);
  html += "</title><style>";
  html += style;
  html += "</style></head><body><h1>";
  html += http::escaped_html(title);
  html += "</h1>";
  html += body;
  html += "</body></html>";
  return {status,
          std::move(html),
          {{"content-type", "text/html; charset=utf-8"},
           {"content-security-policy", policy(form_target)},
           {"x-frame-options", "DENY"},
           {"x-content-type-options", "nosniff"},
           {"referrer-policy", "no-referrer"},
           {"cache-control", "no-store"}}};
}

Outgoing error_page(std::string_view message, int status) {
  return page("That does not work", "<p class=\"trouble\">" + http::escaped_html(message) + "</p>", status);
}

}  // namespace runagents::server
