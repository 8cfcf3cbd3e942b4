#include "runner/egress/tool_list_filter.hpp"

#include "runner/egress/fields.hpp"
#include "runner/egress/stages.hpp"

namespace runagents::egress {
namespace {

constexpr std::size_t max_list_bytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t max_event_bytes = std::size_t{8} * 1024 * 1024;

}  // namespace

std::optional<ToolListFilter::Form> ToolListFilter::form_of(const Call& call, const http::ResponseHead& response) {
  if (!call.mcp || !call.mcp->lists_tools || response.framing == http::Framing::none) return std::nullopt;
  for (const auto& field : response.fields) {
    if (!same_field(field.name, "content-type")) continue;
    const auto type = field.value.substr(0, field.value.find_first_of("; \t"));
    if (http::equal_ignoring_case(type, "text/event-stream")) return Form::events;
    if (http::equal_ignoring_case(type, "application/json")) return Form::json;
  }
  return std::nullopt;
}

ToolListFilter::ToolListFilter(const Call& call, Form form)
    : may_see_{[&call](std::string_view name) { return may_see_tool(*call.snapshot, call, name); }} {
  if (form == Form::events) events_.emplace(may_see_, max_event_bytes);
}

std::expected<std::string, std::string> ToolListFilter::pass(std::string_view piece, bool last) {
  if (events_) return events_->pass(piece);
  if (whole_.size() + piece.size() > max_list_bytes) {
    return std::unexpected("a list of tools is too large to be looked into");
  }
  whole_.append(piece);
  if (!last) return std::string{};
  return mcp::filter_response(whole_, may_see_);
}

}  // namespace runagents::egress
