#include "core/api/members.hpp"

namespace runagents::api {

Members::Members(const nlohmann::ordered_json& object) : object_{object} {
  if (!object.is_object()) error_ = Error{ErrorCode::usage, "a JSON object was expected", {}};
}

const nlohmann::ordered_json* Members::find(const char* name) const {
  const auto found = object_.is_object() ? object_.find(name) : object_.end();
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void Members::refuse(const char* name, std::string_view expected) {
  if (error_) return;
  error_ = Error{ErrorCode::usage, "member \"" + std::string{name} + "\" must be " + std::string{expected}, {}};
}

Members& Members::text(const char* name, std::string& into) {
  if (const auto* found = find(name)) {
    if (found->is_string()) {
      into = found->get<std::string>();
    } else {
      refuse(name, "a text");
    }
  }
  return *this;
}

Members& Members::texts(const char* name, std::vector<std::string>& into) {
  const auto* found = find(name);
  if (found == nullptr) return *this;
  if (!found->is_array()) refuse(name, "a list of texts");
  into.clear();
  for (const auto& one : *found) {
    if (one.is_string()) {
      into.push_back(one.get<std::string>());
    } else {
      refuse(name, "a list of texts");
    }
  }
  return *this;
}

Members& Members::map(const char* name, std::map<std::string, std::string>& into) {
  const auto* found = find(name);
  if (found == nullptr) return *this;
  if (!found->is_object()) {
    refuse(name, "an object of texts");
    return *this;
  }
  into.clear();
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) {
      into.emplace(key, value.get<std::string>());
    } else {
      refuse(name, "an object of texts");
    }
  }
  return *this;
}

Members& Members::time(const char* name, model::Time& into) {
  return word(name, into, [](std::string_view text) { return model::from_iso8601(text); }, "an ISO 8601 time");
}

Members& Members::time(const char* name, std::optional<model::Time>& into) {
  model::Time value{};
  if (find(name) == nullptr) return *this;
  time(name, value);
  into = value;
  return *this;
}

Members& Members::flag(const char* name, bool& into) {
  if (const auto* found = find(name)) {
    if (found->is_boolean()) {
      into = found->get<bool>();
    } else {
      refuse(name, "true or false");
    }
  }
  return *this;
}

}  // namespace runagents::api
