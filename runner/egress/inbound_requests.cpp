#include "runner/egress/inbound_requests.hpp"

#include <algorithm>

namespace runagents::egress {
namespace {

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

std::string key_of(const std::shared_ptr<const EndUser>& user) { return user ? user->id : std::string{}; }

}  // namespace

void InboundRequests::begin(InboundRequest request) {
  auto& users = in_flight_[key_of(request.user)];
  ++users.requests;
  // The same person with another token: the later one says what holds now.
  users.user = request.user;
  const auto entry = open_.insert(open_.end(), {.request = std::move(request), .ended = std::nullopt});
  by_id_.emplace(entry->request.id, entry);
  by_trace_.emplace(entry->request.trace_id, entry);
}

void InboundRequests::end(std::string_view id, Time now) {
  const auto found = by_id_.find(id);
  if (found == by_id_.end() || found->second->ended) return;
  const auto entry = found->second;
  entry->ended = now;
  const auto users = in_flight_.find(key_of(entry->request.user));
  if (--users->second.requests == 0) in_flight_.erase(users);
  ended_.splice(ended_.end(), open_, entry);
  forget(now);
}

void InboundRequests::forget(Time now) {
  while (!ended_.empty()) {
    const auto& oldest = ended_.front();
    if (ended_.size() <= max_remembered && *oldest.ended + memory > now) return;
    by_trace_.erase(oldest.request.trace_id);
    by_id_.erase(oldest.request.id);
    ended_.pop_front();
  }
}

const InboundRequest* InboundRequests::by_id(std::string_view id, Time now) const { return known(by_id_, id, now); }

const InboundRequest* InboundRequests::by_trace(std::string_view trace_id, Time now) const {
  return known(by_trace_, trace_id, now);
}

const InboundRequest* InboundRequests::known(const Index& index, std::string_view key, Time now) {
  const auto found = index.find(key);
  if (found == index.end()) return nullptr;
  const auto& entry = *found->second;
  return !entry.ended || *entry.ended + memory > now ? &entry.request : nullptr;
}

std::vector<std::shared_ptr<const EndUser>> InboundRequests::users() const {
  std::vector<std::shared_ptr<const EndUser>> result;
  result.reserve(in_flight_.size());
  for (const auto& [id, one] : in_flight_) result.push_back(one.user);
  return result;
}

std::string_view trace_id_of(std::string_view traceparent) {
  constexpr std::size_t size = 55;  // 2 + 1 + 32 + 1 + 16 + 1 + 2
  if (traceparent.size() < size || !is_lower_hex(traceparent.substr(0, 2)) || traceparent.starts_with("ff")) return {};
  // A later version may say more, after another dash.
  const bool is_longer = traceparent.size() > size;
  if (is_longer && (traceparent.starts_with("00") || traceparent[size] != '-')) return {};
  const auto trace = traceparent.substr(3, 32);
  const auto parent = traceparent.substr(36, 16);
  const bool is_sound = traceparent[2] == '-' && traceparent[35] == '-' && traceparent[52] == '-' &&
                        is_lower_hex(trace) && is_lower_hex(parent) && is_lower_hex(traceparent.substr(53, 2)) &&
                        !is_zero(trace) && !is_zero(parent);
  return is_sound ? trace : std::string_view{};
}

}  // namespace runagents::egress
