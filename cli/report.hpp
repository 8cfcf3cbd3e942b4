#pragma once

#include <iosfwd>

#include "core/error.hpp"

namespace runagents::cli {

/// Writes an error where people look for it: "runagents: MESSAGE" and the hint on a line below, or, for programs, one
/// line of JSON `{"error":{"code","message","hint","http_status","request_id"}}`.
void report(const Error& error, bool as_json, bool colour, std::ostream& err);

}  // namespace runagents::cli
