#include "core/model/model_usage.hpp"

#include <algorithm>

namespace runagents::model {
namespace {

constexpr std::size_t max_models = 100;
constexpr PicoDollars one_dollar = 1'000'000'000'000;
constexpr std::size_t decimals = 12;

std::string fraction_of(PicoDollars amount) {
  auto digits = std::to_string(amount % one_dollar);
  return std::string(decimals - digits.size(), '0') + digits;
}

}  // namespace

void add_up(std::vector<ModelUsage>& all, const ModelUsage& more) {
  const auto find = [&](std::string_view model) {
    return std::ranges::find_if(
        all, [&](const ModelUsage& one) { return one.provider == more.provider && one.model == model; });
  };
  auto found = find(more.model);
  const bool is_rest = found == all.end() && all.size() >= max_models;
  if (is_rest) found = find("...");
  if (found == all.end()) {
    all.push_back({more.provider, is_rest ? "..." : more.model});
    found = all.end() - 1;
  }
  found->calls += more.calls;
  found->input_tokens += more.input_tokens;
  found->output_tokens += more.output_tokens;
  found->cost += more.cost;
}

std::string dollars(PicoDollars amount) {
  if (amount == 0) return "$0";
  constexpr std::size_t shown = 4;
  auto fraction = fraction_of(amount);
  const auto first = fraction.find_first_not_of('0');
  const bool is_tiny = amount < one_dollar && first != std::string::npos && first + 2 > shown;
  const auto kept = is_tiny ? std::min(first + 2, decimals) : shown;
  // What is cut off is rounded up: a budget is never shown as less spent than it is.
  PicoDollars step = 1;
  for (auto i = kept; i < decimals; ++i) step *= 10;
  const auto rounded = (amount + step - 1) / step * step;
  return "$" + std::to_string(rounded / one_dollar) + "." + fraction_of(rounded).substr(0, kept);
}

std::string decimal_dollars(PicoDollars amount) {
  auto fraction = fraction_of(amount);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return std::to_string(amount / one_dollar) + (fraction.empty() ? "" : "." + fraction);
}

PicoDollars pico_dollars(std::string_view decimal) noexcept {
  const auto point = decimal.find('.');
  const auto whole = decimal.substr(0, point);
  const auto fraction = point == decimal.npos ? std::string_view{} : decimal.substr(point + 1);
  constexpr std::size_t max_whole = 6;
  const auto is_digits = [](std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (whole.empty() || whole.size() > max_whole || fraction.size() > decimals) return 0;
  if (!is_digits(whole) || !is_digits(fraction)) return 0;
  PicoDollars amount = 0;
  for (const char c : whole) amount = amount * 10 + static_cast<PicoDollars>(c - '0');
  for (std::size_t i = 0; i < decimals; ++i) {
    amount = amount * 10 + (i < fraction.size() ? static_cast<PicoDollars>(fraction[i] - '0') : 0);
  }
  return amount;
}

}  // namespace runagents::model
