#include "cli/report.hpp"

#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/text.hpp"

namespace runagents::cli {

void report(const Error& error, bool as_json, bool colour, std::ostream& err) {
  if (as_json) {
    const nlohmann::ordered_json object = {{"error",
                                            {{"code", word(error.code)},
                                             {"message", error.message},
                                             {"hint", error.hint},
                                             {"http_status", http_status(error.code)},
                                             {"request_id", nullptr}}}};
    err << object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << '\n';
    return;
  }
  using output::Colour;
  const auto lines = output::printable_lines(error.message, "");
  err << output::paint("runagents:", Colour::red, colour) << ' ' << lines;
  if (!error.hint.empty()) err << output::printable_lines(error.hint, "  ");
}

}  // namespace runagents::cli
