#pragma once

#include <string>

#include "cli/context.hpp"

namespace runagents::cli {

/// Asks the desktop to show a page (xdg-open), where there is a desktop and a person at it; otherwise does nothing.
/// Whoever calls prints the address, too. Does not wait for the browser.
void open_browser(const std::string& url, const Context& context);

}  // namespace runagents::cli
