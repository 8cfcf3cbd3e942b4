#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "core/error.hpp"

namespace runagents::server {

/// Holds a JSON value against a shape, which is JSON as well:
///  - "any", "text", "flag" (true or false), "port" (1 to 65535), "count" (a whole number from 0 to 2^31), "url" (http
///  or https,
///    with one reading, not where nothing is ever called), or words with "|" between them: one of these;
///  - [shape]: a list of such values, at most 1,000;
///  - {"*": shape}: an object of such values, at most 1,000; {"name": shape, ...}: an object with some of these
///  members.
/// null counts as not there. ErrorCode::usage names the place, beginning with `place`, and repeats nothing of the
/// value.
[[nodiscard]] Result<void> check_shape(const nlohmann::ordered_json& value, const nlohmann::ordered_json& shape,
                                       const std::string& place);

}  // namespace runagents::server
