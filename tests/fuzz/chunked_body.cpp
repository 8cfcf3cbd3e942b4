#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/http/chunked.hpp"

namespace {

using runagents::http::ChunkedDecoder;

struct Outcome {
  std::string body;
  std::size_t consumed = 0;
  bool finished = false;
  bool malformed = false;

  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, std::size_t step) {
  ChunkedDecoder decoder;
  Outcome outcome;
  while (outcome.consumed < bytes.size() && !outcome.finished && !outcome.malformed) {
    const auto piece = decoder.next(bytes.substr(outcome.consumed, step));
    if (piece.consumed == 0 && !piece.finished && !piece.malformed) std::abort();
    outcome.body.append(piece.data);
    outcome.consumed += piece.consumed;
    outcome.finished = piece.finished;
    outcome.malformed = piece.malformed;
  }
  return outcome;
}

}  // namespace

// However the bytes are cut, they are the same body with the same end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::size_t step = data[0] % 16 + std::size_t{1};
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto whole = decode(bytes, bytes.size() + 1);
  const auto cut = decode(bytes, step);
  if (whole.finished != cut.finished || whole.malformed != cut.malformed || whole.body != cut.body) std::abort();
  if (whole.finished && whole.consumed != cut.consumed) std::abort();
  return 0;
}
