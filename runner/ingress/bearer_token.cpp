#include "runner/ingress/bearer_token.hpp"

#include <algorithm>

#include "runner/egress/fields.hpp"

namespace runagents::ingress {

using enum model::RefusalCode;

std::expected<std::optional<std::string_view>, egress::Refusal> bearer_token(const http::RequestHead& head) {
  std::optional<std::string_view> value;
  for (const auto& field : head.fields) {
    if (!egress::same_field(field.name, "authorization")) continue;
    if (value) return egress::refuse(token_invalid, "there is more than one Authorization field");
    value = field.value;
  }
  if (!value) return std::nullopt;
  constexpr std::string_view scheme = "Bearer";
  const auto named = value->substr(0, value->find(' '));
  if (!http::equal_ignoring_case(named, scheme)) {
    return egress::refuse(token_missing, "the Authorization field holds no bearer token",
                          "send Authorization: Bearer TOKEN");
  }
  auto token = value->substr(named.size());
  token.remove_prefix(std::min(token.find_first_not_of(' '), token.size()));
  if (token.empty() || token.find_first_of(" ,\t") != token.npos) {
    return egress::refuse(token_invalid, "the Authorization field does not hold exactly one token");
  }
  return token;
}

}  // namespace runagents::ingress
