#include "core/auth/strict_json.hpp"

#include <algorithm>
#include <unordered_set>
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
template <class Json>
class StrictReader final : public nlohmann::json_sax<Json> {
 public:
  using Base = nlohmann::json_sax<Json>;
  using Text = typename Base::string_t;

  explicit StrictReader(const StrictRules& rules) : rules_{rules} {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(typename Base::number_integer_t value) override { return put(value); }
  bool number_unsigned(typename Base::number_unsigned_t value) override { return put(value); }
  bool number_float(typename Base::number_float_t value, const Text& text) override {
    const auto* problem = rules_.portable ? number_problem(value, text) : nullptr;
    return problem == nullptr ? put(value) : stop(problem);
  }
  bool string(Text& value) override { return put(std::move(value)); }
  bool binary(typename Base::binary_t& /*value*/) override { return false; }
  bool start_object(std::size_t /*size*/) override { return open(Json::object()); }
  bool start_array(std::size_t /*size*/) override { return open(Json::array()); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

  bool key(Text& name) override {
    auto& names = names_.back();
    if (!names.exact.insert(name).second) return stop("has the same member name twice");
    if (rules_.portable) {
      if (name.find('\0') != Text::npos) return stop("has a member name with U+0000");
      if (!names.folded.insert(folded_name(name)).second) return stop("has member names that differ in case only");
    }
    member_ = add_member(*open_.back(), name);
    return true;
  }

  Json result;
  std::string reason = "is not JSON";

 private:
  struct Names {
    std::unordered_set<std::string> exact, folded;
  };

  /// Names are known to be new: an ordered object would look through all of its members for each of them.
  static Json* add_member(Json& object, const Text& name) {
    auto& members = object.template get_ref<typename Json::object_t&>();
    if constexpr (requires { typename Json::object_t::Container; }) {
      using Container = typename Json::object_t::Container;
      return &static_cast<Container&>(members).emplace_back(name, nullptr).second;
    } else {
      return &members[name];
    }
  }

  bool stop(const char* why) {
    reason = why;
    return false;
  }

  Json* place(Json value) {
    if (open_.empty()) return &(result = std::move(value));
    auto& container = *open_.back();
    if (container.is_object()) return &(*member_ = std::move(value));
    container.push_back(std::move(value));
    return &container.back();
  }

  bool put(Json value) {
    if (open_.empty()) return stop(wanted());
    place(std::move(value));
    return true;
  }

  bool open(Json container) {
    if (open_.empty() && !container.is_object() && !rules_.array_allowed) return stop(wanted());
    if (open_.size() == rules_.max_depth) return stop("is nested too deeply");
    open_.push_back(place(std::move(container)));
    names_.emplace_back();
    return true;
  }

  bool close() {
    open_.pop_back();
    names_.pop_back();
    return true;
  }

  [[nodiscard]] const char* wanted() const {
    return rules_.array_allowed ? "is neither a JSON object nor an array" : "is not a JSON object";
  }

  const StrictRules& rules_;
  std::vector<Json*> open_;   ///< stays valid: only the innermost container grows
  std::vector<Names> names_;  ///< of each open container
  Json* member_ = nullptr;
};

template <class Json>
std::expected<Json, std::string> read(std::string_view text, const StrictRules& rules) {
  // nlohmann/json takes NUL for the end of the text, and skips a byte-order mark.
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.contains('\0') || text.starts_with(byte_order_mark)) return std::unexpected("is not JSON");
  StrictReader<Json> reader{rules};
  if (!Json::sax_parse(text, &reader)) return std::unexpected(std::move(reader.reason));
  return std::move(reader.result);
}

}  // namespace

std::expected<json, std::string> read_strict_json(std::string_view text, const StrictRules& rules) {
  return read<json>(text, rules);
}

std::expected<nlohmann::ordered_json, std::string> read_strict_ordered_json(std::string_view text,
                                                                            const StrictRules& rules) {
  return read<nlohmann::ordered_json>(text, rules);
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
