#include <nlohmann/json.hpp>

#include "runner/builtin/answer.hpp"

namespace runagents::builtin {
namespace {

using Json = nlohmann::ordered_json;

Json describe(const http::RequestHead& head, std::string_view body) {
  Json headers = Json::object();
  for (const auto& field : head.fields) {
    const bool credential = http::equal_ignoring_case(field.name, "authorization");
    headers[std::string{field.name}] = credential ? std::string{"(present)"} : std::string{field.value};
  }
  return {{"method", head.method}, {"path", head.target}, {"headers", headers}, {"body_bytes", body.size()}};
}

}  // namespace

Answer echo(const http::RequestHead& head, std::string_view body) {
  Json json = Json::object();
  if (head.method == "POST" && head.target.starts_with("/echo")) {
    const auto request = Json::parse(body, nullptr, false);
    if (request.is_object() && request.contains("message")) json["reply"] = request["message"];
  }
  json["received"] = describe(head, body);
  Answer answer;
  answer.pieces.push_back(json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
  return answer;
}

}  // namespace runagents::builtin
