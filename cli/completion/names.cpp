#include "cli/completion/names.hpp"

#include <algorithm>
#include <future>
#include <malloc.h>
#include <memory>
#include <thread>
#include <utility>

#include "cli/completion/project.hpp"
#include "cli/completion/server.hpp"
#include "cli/completion/store.hpp"

namespace runagents::cli {
namespace {

std::vector<Candidate> names_of_contexts(const config::UserConfiguration& configuration) {
  std::vector<Candidate> names{{std::string{config::local_context}, "the store of this machine"}};
  for (const auto& one : configuration.contexts) names.push_back({one.name, one.endpoint});
  return names;
}

bool is_of_project(Means means) {
  return means == Means::agent || means == Means::tool || means == Means::policy || means == Means::provider;
}

std::vector<Candidate> both(std::vector<Candidate> some, std::vector<Candidate> others) {
  for (auto& one : others) {
    if (std::ranges::find(some, one.value, &Candidate::value) == some.end()) some.push_back(std::move(one));
  }
  return some;
}

}  // namespace

std::vector<Candidate> live_names(const NamesWanted& wanted, const Context& context) {
  const auto directories = context.directories();
  if (!directories) return {};
  const auto configuration =
      config::read_user_configuration(config::user_configuration_file(directories->configuration));
  if (!configuration) return {};
  if (wanted.means == Means::context) return names_of_contexts(*configuration);
  // An agent is told no names of secrets, as `secrets list` tells it none.
  if (wanted.means == Means::secret && context.environment("RUNAGENTS_RUN_ID")) return {};
  const auto connection = choose_connection(wanted.context, context.environment, *configuration);
  if (!connection) return {};
  if (is_of_project(wanted.means) && (connection->is_local() || !wanted.config.empty())) {
    auto names = names_in_project(wanted, context);
    return wanted.means == Means::agent ? both(std::move(names), names_in_store(wanted.means, directories->data))
                                        : names;
  }
  if (connection->is_local()) return names_in_store(wanted.means, directories->data);
  return names_at_server(wanted.means, *connection, *directories);
}

std::optional<std::vector<Candidate>> live_names_in_time(const NamesWanted& wanted, const Context& context) {
  // Another thread's memory would grow page by page: half of the time that a long list takes.
  ::mallopt(M_ARENA_MAX, 1);
  auto promise = std::make_shared<std::promise<std::vector<Candidate>>>();
  auto found = promise->get_future();
  std::thread search{[promise, wanted, &context] { promise->set_value(live_names(wanted, context)); }};
  if (found.wait_for(patience_for_names) != std::future_status::ready) {
    search.detach();
    return std::nullopt;
  }
  search.join();
  return found.get();
}

}  // namespace runagents::cli
