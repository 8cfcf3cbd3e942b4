#include <benchmark/benchmark.h>

#include "core/auth/sigv4.hpp"

// What AWS Signature Version 4 costs per call, the day's key being there already.

namespace {

using namespace runagents::auth;

constexpr auto nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

SigV4Request request_of(std::string_view path, std::string_view query, SigV4Path rule) {
  return {"GET",
          path,
          query,
          {{"Host", "reports.s3.eu-central-1.amazonaws.com"},
           {"Content-Type", "application/json"},
           {"X-Amz-Date", "20260102T030405Z"},
           {"X-Amz-Content-Sha256", nothing}},
          nothing,
          rule};
}

void sign_call(benchmark::State& state, std::string_view path, std::string_view query, SigV4Path rule) {
  const SigV4Scope scope{"20260102T030405Z", "eu-central-1", "s3"};
  const auto key = signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope);
  const auto request = request_of(path, query, rule);
  for (auto _ : state) benchmark::DoNotOptimize(sign(request, "AKIDEXAMPLE", key, scope));
}

void days_key(benchmark::State& state) {
  const SigV4Scope scope{"20260102T030405Z", "eu-central-1", "s3"};
  for (auto _ : state) benchmark::DoNotOptimize(signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope));
}

BENCHMARK_CAPTURE(sign_call, s3_object, "/2026/01/annual%20report.pdf", "", SigV4Path::object_key);
BENCHMARK_CAPTURE(sign_call, s3_list, "/", "list-type=2&prefix=2026%2F01%2F&max-keys=100", SigV4Path::object_key);
BENCHMARK_CAPTURE(sign_call, table, "/", "", SigV4Path::normalized);
BENCHMARK(days_key);

void payload_hash(benchmark::State& state) {
  const std::string body(static_cast<std::size_t>(state.range(0)), 'x');
  for (auto _ : state) benchmark::DoNotOptimize(hex(sha256(body)));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(payload_hash)->Arg(1024)->Arg(1 << 20);

}  // namespace
