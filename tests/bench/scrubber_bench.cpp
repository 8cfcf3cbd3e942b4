#include <array>
#include <benchmark/benchmark.h>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runner/egress/scrubber.hpp"

// What it costs to look for a credential in what a tool answers, in pieces as they are read from a connection.

namespace {

using namespace runagents::egress;

constexpr std::size_t piece_size = std::size_t{16} << 10U;
constexpr std::string_view secret = "sk_live_51NabCdEfGhIjKlMnOpQrStUvWxYz012";
static_assert(secret.size() == 40);

class Text {
 public:
  std::string_view word() {
    static constexpr std::array<std::string_view, 40> words = {
        "the",  "invoice", "of",   "customer", "is",   "paid",    "and",   "a",       "refund", "was",
        "sent", "to",      "bank", "account",  "with", "service", "level", "request", "in",     "status",
        "for",  "message", "from", "skill",    "live", "record",  "it",    "not",     "found",  "order",
        "by",   "seconds", "task", "schedule", "on",   "network", "that",  "address", "market", "after"};
    return words[random_() % words.size()];
  }
  std::string number() { return std::to_string(random_() % 1'000'000); }
  std::string identifier() {
    static constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    while (result.size() < 24) result.push_back(digits[random_() % digits.size()]);
    return result;
  }

 private:
  std::mt19937 random_{7};
};

template <class Line>
std::string lines(Line line) {
  Text text;
  std::string result;
  while (result.size() < piece_size) result += line(text);
  result.resize(piece_size);
  return result;
}

std::string json() {
  return lines([](Text& text) {
    return R"({"id":"ch_)" + text.identifier() + R"(","amount":)" + text.number() +
           R"(,"currency":"usd","description":")" + std::string{text.word()} + " " + std::string{text.word()} +
           R"(","livemode":true,"metadata":{"order":)" + text.number() + "}},";
  });
}

std::string log() {
  return lines([](Text& text) {
    return "2025-06-01T12:00:00.123Z INFO  worker-" + text.number() + " " + std::string{text.word()} + "." +
           std::string{text.word()} + " took " + text.number() + " us, status=200 path=/v1/" +
           std::string{text.word()} + "\n";
  });
}

std::string english() {
  return lines([](Text& text) { return std::string{text.word()} + " "; });
}

std::string base64() {
  return lines([](Text& text) { return text.identifier(); });
}

std::string repeated(std::string_view what) {
  return lines([&](Text&) { return std::string{what}; });
}

void pass(benchmark::State& state, const std::string& piece, std::string_view of) {
  Scrubber scrubber{std::make_shared<const ScrubPatterns>(std::vector<std::string_view>{of})};
  for (auto _ : state) benchmark::DoNotOptimize(scrubber.pass(piece, false));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(piece.size()));
}

const std::string one_letter = std::string(20, 'a') + "b" + std::string(19, 'a');

BENCHMARK_CAPTURE(pass, json, json(), secret);
BENCHMARK_CAPTURE(pass, log, log(), secret);
BENCHMARK_CAPTURE(pass, english, english(), secret);
BENCHMARK_CAPTURE(pass, base64, base64(), secret);
BENCHMARK_CAPTURE(pass, log_shortest_secret, log(), secret.substr(0, ScrubPatterns::min_size));
BENCHMARK_CAPTURE(pass, bad_all_but_the_last_byte_repeated, repeated(secret.substr(0, 39)), secret);
BENCHMARK_CAPTURE(pass, bad_first_half_repeated, repeated(secret.substr(0, 20)), secret);
BENCHMARK_CAPTURE(pass, bad_all_but_the_first_byte_repeated, repeated(secret.substr(1)), secret);
BENCHMARK_CAPTURE(pass, bad_one_letter, repeated("a"), one_letter);

void prepare(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(ScrubPatterns{std::vector<std::string_view>{secret}}.empty());
}
BENCHMARK(prepare);

}  // namespace
