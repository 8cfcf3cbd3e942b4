#include "server/oauth/form.hpp"

#include <algorithm>
#include <optional>

#include "core/api/target.hpp"
#include "core/utf8.hpp"

namespace runagents::server {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string spaced{text};
  std::ranges::replace(spaced, '+', ' ');
  return api::percent_decoded(spaced);
}

bool is_text(std::string_view text) { return is_utf8(text) && !text.contains('\0'); }

bool may_repeat(std::string_view name) { return name == "resource" || name == "audience"; }

}  // namespace

std::expected<Form, std::string_view> Form::parse(std::string_view text) {
  if (text.size() > max_bytes) return std::unexpected("the parameters are too long");
  Form form;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decoded(pair.substr(0, equals));
    auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return std::unexpected("a parameter is not correctly percent-encoded");
    if (!is_text(*name) || !is_text(*value)) return std::unexpected("a parameter is not UTF-8 text");
    const auto known = std::ranges::find(form.parameters_, *name, &std::pair<std::string, std::string>::first);
    if (known != form.parameters_.end() && !may_repeat(*name)) {
      return std::unexpected("a parameter is given more than once");
    }
    if (form.parameters_.size() == max_parameters) return std::unexpected("there are too many parameters");
    form.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return form;
}

const std::string& Form::value(std::string_view name) const noexcept {
  static const std::string nothing;
  const auto found = std::ranges::find(parameters_, name, &std::pair<std::string, std::string>::first);
  return found == parameters_.end() ? nothing : found->second;
}

std::vector<std::string> Form::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [known, value] : parameters_) {
    if (known == name && !value.empty()) found.push_back(value);
  }
  return found;
}

}  // namespace runagents::server
