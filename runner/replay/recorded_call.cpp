#include "runner/replay/recorded_call.hpp"

#include <nlohmann/json.hpp>

#include "core/auth/base64.hpp"

namespace runagents::replay {
namespace {

using nlohmann::json;

std::optional<std::string> text(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::optional<std::string> bytes(const json& object, const char* name) {
  const auto encoded = text(object, name);
  return encoded ? auth::from_base64url(*encoded) : std::nullopt;
}

std::optional<std::uint64_t> number(const json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<std::uint64_t>();
}

bool flag(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

std::string to_line(const RecordedCall& call) {
  json object = {{"number", call.number},
                 {"tool", call.key.tool},
                 {"method", call.key.method},
                 {"target", auth::base64url(call.key.target)},
                 {"request", auth::base64url(call.request)},
                 {"status", call.status},
                 {"fields", auth::base64url(call.fields)},
                 {"body", auth::base64url(call.body)},
                 {"trailers", auth::base64url(call.trailers)},
                 {"has_body", call.has_body},
                 {"cut", call.is_cut}};
  if (call.content_length) object["content_length"] = *call.content_length;
  return object.dump(-1, ' ', true, json::error_handler_t::replace);
}

std::optional<RecordedCall> from_line(std::string_view line) {
  const auto object = json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto order = number(object, "number");
  const auto status = number(object, "status");
  auto tool = text(object, "tool");
  auto method = text(object, "method");
  auto target = bytes(object, "target");
  auto request = bytes(object, "request");
  auto fields = bytes(object, "fields");
  auto body = bytes(object, "body");
  auto trailers = bytes(object, "trailers");
  constexpr std::uint64_t largest_status = 599;
  const bool is_whole = order && status && tool && method && target && request && fields && body && trailers;
  if (!is_whole || *status < 200 || *status > largest_status) return std::nullopt;
  return RecordedCall{.number = *order,
                      .key = {std::move(*tool), std::move(*method), std::move(*target)},
                      .request = std::move(*request),
                      .status = static_cast<int>(*status),
                      .fields = std::move(*fields),
                      .body = std::move(*body),
                      .trailers = std::move(*trailers),
                      .content_length = number(object, "content_length"),
                      .has_body = flag(object, "has_body"),
                      .is_cut = flag(object, "cut")};
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (auto at = text.find(from); at != std::string_view::npos && !from.empty(); at = text.find(from)) {
    out.append(text.substr(0, at)).append(to);
    text.remove_prefix(at + from.size());
  }
  return out.append(text);
}

}  // namespace runagents::replay
