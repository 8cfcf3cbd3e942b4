#include "core/config/references.hpp"

#include "core/config/file_content.hpp"
#include "core/config/membership.hpp"
#include "core/config/words.hpp"

namespace runagents::config {

void check_name(const Value& value) {
  if (is_name(value.name())) return;
  value.report_at_key(R"(is not a name: lower-case letters, digits, "-", "_" and ".", at most 63)");
}

void check_reference(const Value& value, std::string_view what, std::span<const std::string_view> declared) {
  if (is_among(value.text(), declared)) return;
  value.report("there is no " + std::string{what} + " \"" + value.text() + "\"", did_you_mean(value.text(), declared));
}

std::string read_file_path(const Value& value) {
  const auto path = (value.reading().directory() / value.text()).lexically_normal();
  if (const auto file = OpenFile::open(path); !file) {
    value.report(file.error().message);
    return {};
  }
  return path.string();
}

void read_duration(const Value& value, std::chrono::milliseconds& duration) {
  if (const auto read = parse_duration(value.text())) {
    duration = *read;
  } else {
    value.report("is not a duration", R"(write it like "30s", "5m" or "1h30m")");
  }
}

void report_no_word(const Value& value, std::span<const std::string_view> words) {
  std::string message = "must be";
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) message += i + 1 == words.size() ? " or" : ",";
    message += " \"" + std::string{words[i]} + "\"";
  }
  value.report(message, did_you_mean(value.text(), words));
}

}  // namespace runagents::config
