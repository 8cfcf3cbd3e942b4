#include "cli/report.hpp"

#include <ostream>

#include <nlohmann/json.hpp>

#include "cli/output/fit.hpp"
#include "cli/output/text.hpp"

namespace runagents::cli {

void report(const Error& error, bool as_json, const Terminal& terminal, std::string_view request_id) {
  auto& err = terminal.err;
  if (as_json) {
    const auto request = request_id.empty() ? nlohmann::ordered_json{} : nlohmann::ordered_json(request_id);
    const nlohmann::ordered_json object = {{"error",
                                            {{"code", word(error.code)},
                                             {"message", error.message},
                                             {"hint", error.hint},
                                             {"http_status", http_status(error.code)},
                                             {"request_id", request}}}};
    const bool is_ascii = output::characters() == output::Characters::ascii;
    err << object.dump(-1, ' ', is_ascii, nlohmann::ordered_json::error_handler_t::replace) << '\n';
    return;
  }
  using output::Colour;
  const auto head = output::paint("runagents:", Colour::red, terminal.colour_err) + " ";
  err << output::fitted(head + output::printable_lines(error.message, ""), terminal.err_width)
      << output::fitted(output::printable_lines(error.hint, "  "), terminal.err_width);
}

}  // namespace runagents::cli
