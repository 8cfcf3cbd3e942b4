#include "server/service/policy_document.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/api/members.hpp"
#include "core/config/nesting.hpp"
#include "core/config/stored_policy.hpp"
#include "core/config/words.hpp"

namespace runagents::server {
namespace {

using config::Node;
using Json = nlohmann::ordered_json;

template <std::size_t count>
bool is_one_of(std::string_view name, const std::array<std::string_view, count>& names) {
  return std::ranges::find(names, name) != names.end();
}

/// Published clients write empty lists where they mean that nothing is asked. Where that would be nobody instead of
/// everybody, as in `users`, an empty list stays what it is, and is refused.
constexpr std::array<std::string_view, 6> may_be_empty = {"operations", "tags",         "approvals",
                                                          "subjects",   "capabilities", "toolIds"};

/// What answers hold beside the specification.
constexpr std::array<std::string_view, 9> beside_spec = {"name",       "spec",    "id",         "status",    "used_by",
                                                         "created_by", "version", "created_at", "updated_at"};
constexpr std::array<std::string_view, 5> in_manifest = {"apiVersion", "kind", "metadata", "spec", "status"};

bool is_absent(const std::string& name, const Json& value) {
  return value.is_null() || (value.is_array() && value.empty() && is_one_of(name, may_be_empty));
}

/// The same value for the reader of configuration; nothing when it nests too deep or holds a number too large.
std::optional<Node> node_of(const Json& json, std::size_t depth) {
  if (depth > config::max_nesting) return std::nullopt;
  Node node;
  if (json.is_object()) {
    node.type = Node::Type::table;
    for (const auto& [name, value] : json.items()) {
      if (is_absent(name, value)) continue;
      auto child = node_of(value, depth + 1);
      if (!child) return std::nullopt;
      node.members.push_back({name, {}, *std::move(child)});
    }
  } else if (json.is_array()) {
    node.type = Node::Type::list;
    for (const auto& value : json) {
      auto child = node_of(value, depth + 1);
      if (!child) return std::nullopt;
      node.items.push_back(*std::move(child));
    }
  } else if (json.is_string()) {
    node.type = Node::Type::text;
    node.text = json.get_ref<const std::string&>();
  } else if (json.is_boolean()) {
    node.type = Node::Type::boolean;
    node.boolean = json.get<bool>();
  } else if (json.is_number_float()) {
    node.type = Node::Type::decimal;
    node.decimal = json.get<double>();
  } else if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    return std::nullopt;
  } else if (json.is_number()) {
    node.type = Node::Type::integer;
    node.integer = json.get<std::int64_t>();
  } else {
    node.type = Node::Type::moment;  // null in a list: nothing that any key takes
  }
  return node;
}

std::unexpected<Error> wrong(std::string message, std::string hint = {}) {
  return fail(ErrorCode::usage, std::move(message), std::move(hint), "invalid_policy");
}

template <std::size_t count>
Result<void> check_members(const Json& document, const std::array<std::string_view, count>& known) {
  for (const auto& [name, value] : document.items()) {
    if (!is_one_of(name, known)) {
      return wrong("\"" + name + "\" is not a member of a policy", "a specification has policies, approvals, subjects");
    }
  }
  return {};
}

struct Parts {
  std::string name;
  Json spec;
};

std::string text_of(const Json& object, const char* name) {
  std::string text;
  api::Members{object}.text(name, text);
  return text;
}

Result<Parts> parts_of(const Json& document) {
  if (!document.is_object()) return wrong("a policy is a JSON object");
  const auto spec = document.find("spec");
  if (document.contains("kind") || document.contains("apiVersion")) {
    if (auto checked = check_members(document, in_manifest); !checked) return std::unexpected(checked.error());
    if (text_of(document, "kind") != "Policy") return wrong("\"kind\" must be \"Policy\"");
    const auto metadata = document.find("metadata");
    if (metadata == document.end() || !metadata->is_object()) return wrong("\"metadata\" is missing");
    if (spec == document.end()) return wrong("\"spec\" is missing");
    return Parts{text_of(*metadata, "name"), *spec};
  }
  if (spec != document.end()) {
    if (auto checked = check_members(document, beside_spec); !checked) return std::unexpected(checked.error());
    return Parts{text_of(document, "name"), *spec};
  }
  Parts parts{text_of(document, "name"), document};
  parts.spec.erase("name");
  return parts;
}

Result<model::Policy> read_spec(const Json& spec, const std::string& name) {
  const auto node = node_of(spec, 1);
  if (!node) {
    return wrong("the policy nests deeper than " + std::to_string(config::max_nesting) +
                 " levels, or holds a number above 2^63 - 1");
  }
  auto policy = config::read_stored_policy(*node, name);
  if (!policy) return wrong(config::to_error(policy.error()).message);
  return *std::move(policy);
}

}  // namespace

Result<PolicyDocument> read_policy_document(const Json& document, std::string_view name) {
  auto parts = parts_of(document);
  if (!parts) return std::unexpected(std::move(parts.error()));
  if (!name.empty() && !parts->name.empty() && parts->name != name) {
    return wrong("the document's name is \"" + parts->name + "\", and the path says \"" + std::string{name} + "\"");
  }
  const auto chosen = parts->name.empty() ? std::string{name} : parts->name;
  if (chosen.empty()) return wrong("\"name\" is missing");
  if (!config::is_name(chosen)) {
    return wrong("\"name\" is not a name", R"(use up to 63 lower-case letters, digits, "-", "_" and ".")");
  }
  auto policy = read_spec(parts->spec, chosen);
  if (!policy) return std::unexpected(std::move(policy.error()));
  return PolicyDocument{parts->spec.dump(), *std::move(policy)};
}

Result<model::Policy> read_policy_spec(std::string_view spec, const std::string& name) {
  const auto json = Json::parse(spec, nullptr, false);
  if (json.is_discarded()) return fail(ErrorCode::internal, "the stored policy \"" + name + "\" is not JSON");
  auto policy = read_spec(json, name);
  if (!policy) {
    return fail(ErrorCode::internal, "the stored policy \"" + name + "\" cannot be read", "store it anew");
  }
  return policy;
}

}  // namespace runagents::server
