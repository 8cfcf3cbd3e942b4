#include "server/oauth/sign_in_pages.hpp"

#include "core/http/html.hpp"
#include "server/oauth/page.hpp"

namespace runagents::server {
namespace {

std::string form(std::string_view action, std::string_view sealed) {
  return "<form method=\"post\" action=\"/api/v1/oauth/" + std::string{action} +
         "\"><input type=\"hidden\" name=\"request\" value=\"" + http::escaped_html(sealed) + "\">";
}

std::string row(std::string_view name, std::string_view value) {
  return "<dt>" + http::escaped_html(name) + "</dt><dd>" + http::escaped_html(value) + "</dd>";
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace

Outgoing sign_in_page(const SignInPage& shown) {
  std::string body;
  if (!shown.client.empty())
    body += "<p>" + http::escaped_html(shown.client) + " asks to act for you on this server.</p>";
  if (!shown.trouble.empty())
    body += "<p class=\"trouble\" role=\"alert\">" + http::escaped_html(shown.trouble) + "</p>";
  body += form("sign-in", shown.sealed);
  if (shown.asks_for_code) {
    body +=
        "<label for=\"user_code\">Code that the device shows</label><input id=\"user_code\" name=\"user_code\" "
        "autocomplete=\"off\" autocapitalize=\"characters\" required value=\"" +
        http::escaped_html(shown.user_code) + "\">";
  }
  body +=
      "<label for=\"api_key\">Your API key</label><input id=\"api_key\" name=\"api_key\" type=\"password\" "
      "autocomplete=\"current-password\" required><button class=\"main\">Sign in</button></form>";
  return page("Sign in", body, shown.trouble.empty() ? 200 : 403, shown.form_target);
}

Outgoing decision_page(const DecisionPage& shown) {
  std::string body =
      "<dl>" + row("You are", shown.email) +
      row("Program", shown.is_own_client ? shown.client : shown.client + " (nobody has checked this name)") +
      row("It may", shown.servers.empty() ? "do on this server what you may do in the role " + shown.role
                                          : "call tools of " + joined(shown.servers) + " as you");
  if (!shown.user_code.empty()) body += row("Code on the device", shown.user_code);
  if (!shown.redirect_host.empty()) body += row("Your browser goes on to", shown.redirect_host);
  body += "</dl>";
  if (!shown.user_code.empty()) {
    body += "<p>Go on only if a device of yours shows this very code, and you have started that yourself.</p>";
  }
  body += form("decision", shown.sealed);
  body +=
      "<button class=\"main\" name=\"decision\" value=\"allow\">Allow</button>"
      "<button name=\"decision\" value=\"deny\">Deny</button></form>";
  return page("Allow this program to act for you?", body, 200, shown.form_target);
}

Outgoing device_done_page(bool approved) {
  return page(approved ? "Done" : "Denied", approved ? "<p>The device goes on by itself. You can close this page.</p>"
                                                     : "<p>The device gets nothing. You can close this page.</p>");
}

}  // namespace runagents::server
