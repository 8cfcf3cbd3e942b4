#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/model/approval.hpp"
#include "core/model/model_usage.hpp"

namespace runagents::server {

/// How values that are no numbers or texts stand in columns: times as milliseconds since 1970, lists and maps as
/// JSON.
[[nodiscard]] inline long long number_of(model::Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] inline model::Time time_of(long long number) { return model::Time{std::chrono::milliseconds{number}}; }
[[nodiscard]] std::string text_of(const std::vector<std::string>& texts);
[[nodiscard]] std::vector<std::string> texts_of(const std::string& text);
[[nodiscard]] std::string text_of(const std::map<std::string, std::string>& texts);
[[nodiscard]] std::map<std::string, std::string> map_of(const std::string& text);
[[nodiscard]] std::string text_of(const std::vector<model::ModelUsage>& models);
[[nodiscard]] std::vector<model::ModelUsage> models_of(const std::string& text);

}  // namespace runagents::server
