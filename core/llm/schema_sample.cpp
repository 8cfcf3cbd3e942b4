#include "core/llm/schema_sample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <ranges>
#include <utility>

#include "core/llm/json_view.hpp"

namespace runagents::llm {
namespace {

constexpr std::size_t max_depth = 16;      ///< of objects and lists in each other; deeper, what may be left out is
constexpr std::size_t max_values = 10000;  ///< of one sample; schemas can ask for more than anybody could read
constexpr std::size_t max_parts = 32;      ///< of one `allOf`
constexpr std::size_t max_text = 10000;

struct Format {
  std::string_view name;
  std::string_view sample;
};

constexpr std::array formats = {
    Format{"date-time", "2025-01-01T00:00:00Z"},
    Format{"date", "2025-01-01"},
    Format{"time", "00:00:00Z"},
    Format{"duration", "PT1H"},
    Format{"email", "someone@example.com"},
    Format{"hostname", "example.com"},
    Format{"ipv4", "192.0.2.1"},
    Format{"ipv6", "2001:db8::1"},
    Format{"uri", "https://example.com/"},
    Format{"url", "https://example.com/"},
    Format{"uuid", "00000000-0000-4000-8000-000000000000"},
};

double bound(const Json& schema, std::string_view name, double otherwise) {
  const auto* value = find(schema, name);
  return value != nullptr && value->is_number() ? value->get<double>() : otherwise;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Sampler {
 public:
  Sampler(const Json& root, SampleHints& hints) : root_{root}, hints_{hints} {}

  Json value(const Json& schema, std::string_view name, std::size_t depth) {
    if (++values_ > max_values || !schema.is_object()) return nullptr;
    if (const auto* fixed = find(schema, "const")) return *fixed;
    for (const auto* const list : {"enum", "examples"}) {
      if (const auto* found = find_list(schema, list); found != nullptr && !found->empty()) return found->front();
    }
    if (const auto* otherwise = find(schema, "default")) return *otherwise;
    if (schema.contains("$ref")) return depth > 2 * max_depth ? Json(nullptr) : value(target(schema), name, depth + 1);
    for (const auto* const list : {"anyOf", "oneOf"}) {
      if (const auto* found = find_list(schema, list); found != nullptr && !found->empty()) {
        return value(merged(schema, list, found->front()), name, depth + 1);
      }
    }
    if (const auto* all = find_list(schema, "allOf"); all != nullptr && !all->empty()) {
      auto whole = schema;
      whole.erase("allOf");
      for (const auto& part : *all | std::views::take(max_parts)) {
        whole = merged(std::move(whole), "", part.contains("$ref") ? target(part) : part);
      }
      return value(whole, name, depth + 1);
    }
    return of_type(schema, type_of(schema), name, depth);
  }

 private:
  static std::string_view type_of(const Json& schema) {
    const auto type = find_text(schema, "type");
    if (!type.empty()) return type;
    if (const auto* types = find_list(schema, "type"); types != nullptr && !types->empty()) {
      if (const auto* text = types->front().get_ptr<const std::string*>()) return *text;
    }
    if (schema.contains("items")) return "array";
    return schema.contains("properties") ? "object" : "string";
  }

  /// What `$ref` names; only what is in the schema itself.
  const Json& target(const Json& schema) const {
    static const Json nothing = Json::object();
    const auto path = find_text(schema, "$ref");
    if (!path.starts_with('#')) return nothing;
    const auto* at = &root_;
    auto rest = path.substr(1);
    while (rest.starts_with('/')) {
      rest.remove_prefix(1);
      at = find(*at, rest.substr(0, rest.find('/')));
      if (at == nullptr) return nothing;
      rest.remove_prefix(std::min(rest.find('/'), rest.size()));
    }
    return *at;
  }

  /// Both schemas at once, as far as their members do not collide.
  static Json merged(Json whole, const char* without, const Json& part) {
    whole.erase(without);
    if (!part.is_object()) return whole;
    for (const auto& [name, member] : part.items()) {
      auto& place = whole[name];
      if (place.is_object() && member.is_object()) {
        place.update(member);
      } else if (name == "required" && place.is_array() && member.is_array()) {
        place.insert(place.end(), member.begin(), member.end());
      } else {
        place = member;
      }
    }
    return whole;
  }

  Json of_type(const Json& schema, std::string_view type, std::string_view name, std::size_t depth) {
    if (type == "object") return object(schema, depth);
    if (type == "array") return list(schema, name, depth);
    if (type == "integer" || type == "number") return number(schema, type == "integer");
    if (type == "boolean") return true;
    if (type == "null") return nullptr;
    return text(schema, name);
  }

  Json object(const Json& schema, std::size_t depth) {
    auto whole = Json::object();
    const auto* properties = find_object(schema, "properties");
    if (properties == nullptr) return whole;
    const auto* required = find_list(schema, "required");
    const bool all = (required == nullptr || required->empty()) && depth < max_depth;
    for (const auto& [name, member] : properties->items()) {
      const auto is_name = [&name](const Json& one) { return one == name; };
      const bool is_required = required != nullptr && depth < 2 * max_depth && std::ranges::any_of(*required, is_name);
      if (all || is_required) whole[name] = value(member, name, depth + 1);
    }
    return whole;
  }

  Json list(const Json& schema, std::string_view name, std::size_t depth) {
    auto whole = Json::array();
    if (const auto* first = find_list(schema, "prefixItems")) {
      for (const auto& item : *first) whole.push_back(value(item, name, depth + 1));
    }
    const auto* items = find(schema, "items");
    const auto least = std::max(find_count(schema, "minItems").value_or(0), std::uint64_t{depth < max_depth ? 1U : 0U});
    const auto wanted = std::min(least, find_count(schema, "maxItems").value_or(least));
    while (items != nullptr && items->is_object() && whole.size() < wanted && values_ <= max_values) {
      whole.push_back(value(*items, name, depth + 1));
    }
    return whole;
  }

  Json number(const Json& schema, bool is_whole) {
    constexpr auto widest = std::numeric_limits<double>::max();
    const double step = bound(schema, "multipleOf", is_whole ? 1 : 0);
    const double nudge = step > 0 ? step : 0.5;
    auto least = bound(schema, "minimum", -widest);
    auto most = bound(schema, "maximum", widest);
    if (const double above = bound(schema, "exclusiveMinimum", -widest); above >= least) least = above + nudge;
    if (const double below = bound(schema, "exclusiveMaximum", widest); below <= most) most = below - nudge;
    double chosen = hints_.number(least, most).value_or(std::clamp(1.0, least, std::max(least, most)));
    if (step > 0) chosen = std::ceil(chosen / step) * step;
    if (is_whole && std::abs(chosen) < 9e15) return static_cast<std::int64_t>(chosen);
    return chosen;
  }

  Json text(const Json& schema, std::string_view name) {
    const auto* format = std::ranges::find(formats, find_text(schema, "format"), &Format::name);
    if (format != formats.end()) return format->sample;
    std::string chosen{hints_.quoted()};
    if (chosen.empty()) chosen = hints_.text().empty() ? name : hints_.text();
    if (chosen.empty()) chosen = "example";
    const auto least = std::min<std::uint64_t>(find_count(schema, "minLength").value_or(0), max_text);
    const auto most = std::min<std::uint64_t>(find_count(schema, "maxLength").value_or(max_text), max_text);
    fit(chosen, least, std::max(least, most));
    return chosen;
  }

  /// Lengths count characters.
  static void fit(std::string& text, std::uint64_t least, std::uint64_t most) {
    const auto begins_character = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; };
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (begins_character(text[i]) && count++ == most) {
        text.resize(i);
        return;
      }
    }
    if (count < least) text.append(least - count, '.');
  }

  const Json& root_;
  SampleHints& hints_;
  std::size_t values_ = 0;
};

}  // namespace

SampleHints::SampleHints(std::string_view text) : text_{text} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char quote = text[i];
    if (is_digit(quote) && (i == 0 || !is_digit(text[i - 1]))) {
      const bool is_negative = i > 0 && text[i - 1] == '-' && (i == 1 || text[i - 2] == ' ');
      const auto end = std::min(text.find_first_not_of("0123456789.", i), text.size());
      std::string digits{text.substr(i, end - i)};
      while (digits.ends_with('.')) digits.pop_back();  // the end of a sentence
      numbers_.push_back((is_negative ? -1 : 1) * std::strtod(digits.c_str(), nullptr));
      i = end - 1;
    } else if (quote == '"' || quote == '`') {
      const auto end = text.find(quote, i + 1);
      if (end == text.npos) continue;
      if (end > i + 1) quotes_.push_back(text.substr(i + 1, end - i - 1));
      i = end;
    }
  }
}

std::optional<double> SampleHints::number(double least, double most) {
  if (next_number_ == numbers_.size()) return std::nullopt;
  const double next = numbers_[next_number_++];
  return next >= least && next <= most ? std::optional{next} : std::nullopt;
}

std::string_view SampleHints::quoted() {
  return next_quote_ == quotes_.size() ? std::string_view{} : quotes_[next_quote_++];
}

Json sample_of(const Json& schema, SampleHints& hints) { return Sampler{schema, hints}.value(schema, {}, 0); }

}  // namespace runagents::llm
