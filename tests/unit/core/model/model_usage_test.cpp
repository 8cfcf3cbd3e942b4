#include "core/model/model_usage.hpp"

#include <doctest/doctest.h>

namespace runagents::model {
namespace {

TEST_CASE("money is shown with four decimals, or as many as tell something, rounded up") {
  CHECK(dollars(0) == "$0");
  CHECK(dollars(2'100'000'000) == "$0.0021");
  CHECK(dollars(2'100'000'001) == "$0.0022");
  CHECK(dollars(12'345'678'900'000) == "$12.3457");
  CHECK(dollars(75'000) == "$0.000000075");
  CHECK(dollars(999'999'999'999) == "$1.0000");
}

TEST_CASE("money survives JSON to the last digit") {
  for (const PicoDollars amount : {PicoDollars{0}, PicoDollars{1}, PicoDollars{75'000}, PicoDollars{1'000'000'000'000},
                                   PicoDollars{12'345'678'901'234}}) {
    CAPTURE(amount);
    CHECK(pico_dollars(decimal_dollars(amount)) == amount);
  }
  CHECK(decimal_dollars(12'000'000'000'000) == "12");
  CHECK(pico_dollars("-1") == 0);
  CHECK(pico_dollars("1e3") == 0);
  CHECK(pico_dollars("") == 0);
  CHECK(pico_dollars("99999999") == 0);
}

TEST_CASE("usage is added up by provider and model, and made-up names fill no memory") {
  std::vector<ModelUsage> all;
  add_up(all, {"openai", "gpt", 1, 10, 5, 7});
  add_up(all, {"openai", "gpt", 1, 1, 1, 1});
  add_up(all, {"azure", "gpt", 1, 2, 2, 2});
  REQUIRE(all.size() == 2);
  CHECK(all[0].calls == 2);
  CHECK(all[0].input_tokens == 11);
  CHECK(all[0].cost == 8);
  for (int i = 0; i < 1000; ++i) add_up(all, {"openai", "made-up-" + std::to_string(i), 1, 1, 0, 0});
  CHECK(all.size() == 101);
  CHECK(all.back().model == "...");
  CHECK(all.back().calls == 902);
}

}  // namespace
}  // namespace runagents::model
