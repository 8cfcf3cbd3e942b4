#pragma once

#include <string_view>

#include "cli/terminal.hpp"
#include "core/error.hpp"

namespace runagents::cli {

/// Writes an error to `err` of the terminal, where people look for it: "runagents: MESSAGE" and the hint on a line
/// below, or, for programs, one line of JSON `{"error":{"code","message","hint","http_status","request_id"}}`.
/// `request_id`: of the request that a server refused; empty: null.
void report(const Error& error, bool as_json, const Terminal& terminal, std::string_view request_id = {});

}  // namespace runagents::cli
