#include "core/auth/strict_json.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/ascii.hpp"

namespace runagents::auth {
namespace {

using nlohmann::json;

/// A double has no more digits that count.
constexpr std::size_t max_digits = 17;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Why programs may not agree on a number that is no 64-bit integer; null when they do.
const char* number_problem(double value, std::string_view text) {
  const auto mantissa = text.substr(0, text.find_first_of("eE"));
  const auto first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return nullptr;
  if (value == 0) return "has a number too small to be told from 0";
  if (text.find_first_of(".eE") == std::string_view::npos) return "has an integer of more than 64 bits";
  const auto last = mantissa.find_last_of("123456789");
  const auto significant = mantissa.substr(first, last - first + 1);
  if (std::ranges::count_if(significant, is_digit) > static_cast<std::ptrdiff_t>(max_digits)) {
    return "has a number of more digits than programs keep";
  }
  return nullptr;
}

/// Builds the value and stops at the first thing that has no single reading.
class StrictReader final : public nlohmann::json_sax<json> {
 public:
  explicit StrictReader(const StrictRules& rules) : rules_{rules} {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& text) override {
    const auto* problem = rules_.portable ? number_problem(value, text) : nullptr;
    return problem == nullptr ? put(value) : stop(problem);
  }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

  bool key(string_t& name) override {
    auto& object = *open_.back();
    if (object.contains(name)) return stop("has the same member name twice");
    if (rules_.portable) {
      if (name.find('\0') != string_t::npos) return stop("has a member name with U+0000");
      if (!names_.back().insert(folded_name(name)).second) return stop("has member names that differ in case only");
    }
    member_ = &object[name];
    return true;
  }

  json result;
  std::string reason = "is not JSON";

 private:
  bool stop(const char* why) {
    reason = why;
    return false;
  }

  json* place(json value) {
    if (open_.empty()) return &(result = std::move(value));
    auto& container = *open_.back();
    if (container.is_object()) return &(*member_ = std::move(value));
    container.push_back(std::move(value));
    return &container.back();
  }

  bool put(json value) {
    if (open_.empty()) return stop(wanted());
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (open_.empty() && !container.is_object() && !rules_.array_allowed) return stop(wanted());
    if (open_.size() == rules_.max_depth) return stop("is nested too deeply");
    open_.push_back(place(std::move(container)));
    if (rules_.portable) names_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    if (rules_.portable) names_.pop_back();
    return true;
  }

  [[nodiscard]] const char* wanted() const {
    return rules_.array_allowed ? "is neither a JSON object nor an array" : "is not a JSON object";
  }

  const StrictRules& rules_;
  std::vector<json*> open_;                   ///< stays valid: only the innermost container grows
  std::vector<std::set<std::string>> names_;  ///< folded, of each open container
  json* member_ = nullptr;
};

}  // namespace

std::expected<json, std::string> read_strict_json(std::string_view text, const StrictRules& rules) {
  // nlohmann/json takes NUL for the end of the text, and skips a byte-order mark.
  const auto is_foreign = [](char c) { return c == '\0'; };
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (std::ranges::any_of(text, is_foreign) || text.starts_with(byte_order_mark)) {
    return std::unexpected("is not JSON");
  }
  StrictReader reader{rules};
  if (!json::sax_parse(text, &reader)) return std::unexpected(std::move(reader.reason));
  return std::move(reader.result);
}

std::expected<json, std::string> read_strict_object(std::string_view text, std::size_t max_depth) {
  return read_strict_json(text, {.max_depth = max_depth});
}

std::string folded_name(std::string_view name) {
  constexpr std::string_view long_s = "\xc5\xbf";
  constexpr std::string_view kelvin = "\xe2\x84\xaa";
  std::string folded;
  folded.reserve(name.size());
  while (!name.empty()) {
    const bool is_long_s = name.starts_with(long_s);
    const bool is_kelvin = name.starts_with(kelvin);
    folded.push_back(is_long_s ? 's' : is_kelvin ? 'k' : name.front());
    name.remove_prefix(is_long_s ? long_s.size() : is_kelvin ? kelvin.size() : 1);
  }
  return lowered(folded);
}

const std::string* text_member(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace runagents::auth
