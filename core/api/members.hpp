#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/model/approval.hpp"

namespace runagents::api {

/// Reads members of a JSON object into variables. A member that is absent or null leaves its variable alone; the first
/// one of a wrong type is kept as the error. For .cpp files.
class Members {
 public:
  explicit Members(const nlohmann::ordered_json& object);

  Members& text(const char* name, std::string& into);
  Members& texts(const char* name, std::vector<std::string>& into);
  /// An object of texts.
  Members& map(const char* name, std::map<std::string, std::string>& into);
  Members& time(const char* name, model::Time& into);
  Members& time(const char* name, std::optional<model::Time>& into);
  Members& flag(const char* name, bool& into);
  template <class Integer>
  Members& number(const char* name, Integer& into) {
    if (const auto* found = find(name)) {
      if (!found->is_number_integer()) {
        refuse(name, "a whole number");
      } else if (found->is_number_unsigned() ? std::in_range<Integer>(found->template get<std::uint64_t>())
                                             : std::in_range<Integer>(found->template get<std::int64_t>())) {
        into = found->template get<Integer>();
      } else {
        refuse(name, "a number in its range");
      }
    }
    return *this;
  }
  template <class Integer>
  Members& number(const char* name, std::optional<Integer>& into) {
    if (find(name) != nullptr) number(name, into.emplace());
    return *this;
  }
  /// A text that `parse` turns into the value, for words of enumerations.
  template <class Value, class Parse>
  Members& word(const char* name, Value& into, Parse parse, std::string_view expected) {
    std::string text;
    this->text(name, text);
    if (text.empty()) return *this;
    auto value = parse(text);
    if (!value) {
      refuse(name, expected);
    } else if constexpr (std::is_same_v<Value, decltype(value)>) {
      into = value;
    } else {
      into = *value;
    }
    return *this;
  }

  void refuse(const char* name, std::string_view expected);
  /// Null when all is well.
  [[nodiscard]] const Error* error() const { return error_ ? &*error_ : nullptr; }

 private:
  const nlohmann::ordered_json* find(const char* name) const;

  const nlohmann::ordered_json& object_;
  std::optional<Error> error_;
};

}  // namespace runagents::api
