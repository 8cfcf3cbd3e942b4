// Parameters of OAuth requests: whatever is written with percent-encoding arrives, or is refused.
#include "server/oauth/form.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "core/auth/percent.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using runagents::auth::percent_encoded;
  using runagents::server::Form;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  static_cast<void>(Form::parse(text));
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= size;) {
    const auto end = std::min(text.find('\n', begin), size);
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() % 2 != 0) return 0;
  std::string body;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    body += "&" + percent_encoded(parts[i]) + "=" + percent_encoded(parts[i + 1]);
  }
  const auto form = Form::parse(body);
  if (!form) return 0;
  for (std::size_t i = 0; i < parts.size(); i += 2) {
    const auto name = parts[i];
    if (form->value(name) == parts[i + 1]) continue;
    // One that came several times.
    const auto values = form->values(name);
    if (parts[i + 1].empty() ? values.empty() && form->has(name)
                             : std::ranges::find(values, parts[i + 1]) == values.end()) {
      std::abort();
    }
  }
  return 0;
}
