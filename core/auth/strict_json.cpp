#include "core/auth/strict_json.hpp"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

namespace runagents::auth {
namespace {

using nlohmann::json;

/// Builds the value and stops at the first thing that has no single reading.
class StrictReader final : public nlohmann::json_sax<json> {
 public:
  explicit StrictReader(std::size_t max_depth) : max_depth_{max_depth} {}

  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
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
    if (open_.empty()) return stop("is not a JSON object");
    place(std::move(value));
    return true;
  }

  bool open(json container) {
    if (open_.empty() && !container.is_object()) return stop("is not a JSON object");
    if (open_.size() == max_depth_) return stop("is nested too deeply");
    open_.push_back(place(std::move(container)));
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  std::size_t max_depth_;
  std::vector<json*> open_;  ///< stays valid: only the innermost container grows
  json* member_ = nullptr;
};

}  // namespace

std::expected<json, std::string> read_strict_object(std::string_view text, std::size_t max_depth) {
  // nlohmann/json takes NUL for the end of the text, and skips a byte-order mark.
  const auto is_foreign = [](char c) { return c == '\0'; };
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (std::ranges::any_of(text, is_foreign) || text.starts_with(byte_order_mark)) {
    return std::unexpected("is not JSON");
  }
  StrictReader reader{max_depth};
  if (!json::sax_parse(text, &reader)) return std::unexpected(std::move(reader.reason));
  return std::move(reader.result);
}

const std::string* text_member(const json& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

}  // namespace runagents::auth
