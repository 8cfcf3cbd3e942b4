#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/api/target.hpp"
#include "core/api/transport.hpp"
#include "core/error.hpp"

namespace runagents::api {

/// A form field (application/x-www-form-urlencoded).
using FormField = std::pair<std::string_view, std::string_view>;

/// The API as JSON documents, for resources that are shown and handed on rather than reasoned about. What a server
/// knows and we do not is kept. Blocking and not thread-safe, as the transport is; the transport outlives it.
class Client {
 public:
  explicit Client(Transport& transport) : transport_{transport} {}

  [[nodiscard]] Result<nlohmann::ordered_json> get(const Target& target);
  [[nodiscard]] Result<nlohmann::ordered_json> post(const Target& target, const nlohmann::ordered_json& body);
  [[nodiscard]] Result<nlohmann::ordered_json> put(const Target& target, const nlohmann::ordered_json& body);
  [[nodiscard]] Result<nlohmann::ordered_json> patch(const Target& target, const nlohmann::ordered_json& body);
  /// Null where the server answers with nothing.
  [[nodiscard]] Result<nlohmann::ordered_json> remove(const Target& target);
  /// POSTs what flips: sent one time, whatever happens on the way.
  [[nodiscard]] Result<nlohmann::ordered_json> post_once(const Target& target, const nlohmann::ordered_json& body);
  /// POSTs a form, as OAuth's endpoints want it. The body is wiped afterwards: it holds secrets.
  [[nodiscard]] Result<nlohmann::ordered_json> post_form(const Target& target, const std::vector<FormField>& form);

  /// A whole list, over all of its pages, of at most `limit` items (0: all). A server that has no such list at all is
  /// ErrorCode::unavailable with the reason "not_offered".
  [[nodiscard]] Result<std::vector<nlohmann::ordered_json>> list(const Target& target, std::size_t limit = 0);

 private:
  [[nodiscard]] Result<nlohmann::ordered_json> exchange(const Request& request);

  Transport& transport_;
};

/// A text member of an object; empty when there is none.
[[nodiscard]] std::string text_of(const nlohmann::ordered_json& object, std::string_view name);
/// A member that is true; false when there is none.
[[nodiscard]] bool is_set(const nlohmann::ordered_json& object, std::string_view name);
/// As it goes over the wire: bytes that are no UTF-8 are replaced.
[[nodiscard]] std::string dump(const nlohmann::ordered_json& json);

}  // namespace runagents::api
