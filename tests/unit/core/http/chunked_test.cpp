#include "core/http/chunked.hpp"

#include <algorithm>
#include <doctest/doctest.h>
#include <string>
#include <vector>

using namespace runagents::http;

namespace {

struct Decoded {
  std::string body;
  std::string rest;
  bool finished = false;
  bool malformed = false;
};

/// Feeds the text in fragments of `step` bytes.
Decoded decode(const std::string& text, std::size_t step, ChunkedDecoder& decoder) {
  Decoded result;
  std::size_t at = 0;
  while (at < text.size() && !result.finished && !result.malformed) {
    auto fragment = std::string_view{text}.substr(at, std::min(step, text.size() - at));
    while (!fragment.empty() && !result.finished && !result.malformed) {
      const auto piece = decoder.next(fragment);
      result.body.append(piece.data);
      result.finished = piece.finished;
      result.malformed = piece.malformed;
      fragment.remove_prefix(piece.consumed);
      at += piece.consumed;
    }
  }
  result.rest = text.substr(at);
  return result;
}

Decoded decode(const std::string& text, std::size_t step = 4096) {
  ChunkedDecoder decoder;
  return decode(text, step, decoder);
}

}  // namespace

TEST_CASE("chunks come out the same however the bytes arrive") {
  const std::string text = "5\r\nhello\r\n1;name=value\r\n \r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\nnext";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    ChunkedDecoder decoder;
    const auto result = decode(text, step, decoder);
    CHECK(result.finished);
    CHECK(result.body == "hello 0123456789");
    CHECK(result.rest == "next");
    REQUIRE(decoder.trailers().size() == 1);
    CHECK(decoder.trailers()[0].name == "X-Sum");
    CHECK(decoder.trailers()[0].value == "1");
  }
}

TEST_CASE("an empty body is its last chunk") {
  const auto result = decode("0\r\n\r\n");
  CHECK(result.finished);
  CHECK(result.body.empty());
}

TEST_CASE("bad chunks are malformed") {
  const std::vector<std::string> cases = {
      "\r\n",
      "g\r\n",
      "-1\r\n",
      "+1\r\n",
      "0x5\r\nhello\r\n",
      " 5\r\nhello\r\n",
      "5 \r\nhello\r\n",
      "5\nhello\r\n",
      "5\r\nhelloX\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\rhello",
      "1000000000000000\r\n",
      "fffffffffffffffff\r\n",
      "5;a=\"\n\"\r\nhello\r\n",
      "5;" + std::string(300, 'x') + "\r\nhello\r\n",
      "0\r\nX : 1\r\n\r\n",
      "0\r\n X: 1\r\n\r\n",
      "0\r\nX: 1\n\r\n",
      "0\r\n" + std::string(20000, 'x') + "\r\n\r\n",
  };
  for (const auto& text : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{4096}}) {
      const auto result = decode(text, step);
      CHECK_MESSAGE(result.malformed, text.substr(0, 40));
      CHECK(!result.finished);
    }
  }
}

TEST_CASE("a decoder is as new after a reset") {
  ChunkedDecoder decoder;
  CHECK(decode("3\r\nabc\r\n0\r\nT: 1\r\n\r\n", 4096, decoder).finished);
  decoder.reset();
  CHECK(decoder.trailers().empty());
  CHECK(decode("1\r\nx\r\n0\r\n\r\n", 4096, decoder).body == "x");
}
