#include "runner/egress/redirect_receiver.hpp"

#include <doctest/doctest.h>

using namespace runagents::egress;

TEST_CASE("what stands in a page cannot become part of its markup") {
  const auto text = to_response({200, "<b>\"'", "a & <script>alert(1)</script>"});
  CHECK(text.find("<script") == std::string::npos);
  CHECK(text.find("<b>") == std::string::npos);
  CHECK(text.find("a &amp; &lt;script&gt;") != std::string::npos);
  CHECK(text.find("&lt;b&gt;&quot;&#39;") != std::string::npos);
}

TEST_CASE("a page runs nothing, is not kept and tells nobody where it was") {
  const auto text = to_response({400, "t", "b"});
  CHECK(text.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  for (const auto* field :
       {"Content-Security-Policy: default-src 'none';", "Cache-Control: no-store\r\n",
        "Referrer-Policy: no-referrer\r\n", "X-Content-Type-Options: nosniff\r\n", "Connection: close\r\n"}) {
    CHECK(text.find(field) != std::string::npos);
  }
  const auto body = text.substr(text.find("\r\n\r\n") + 4);
  CHECK(text.find("Content-Length: " + std::to_string(body.size()) + "\r\n") != std::string::npos);
}
