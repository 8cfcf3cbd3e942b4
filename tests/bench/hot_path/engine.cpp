#include "tests/bench/hot_path/engine.hpp"

#include <stdexcept>
#include <utility>

namespace runagents::bench {
namespace {

template <class T>
T sound(Result<T> result) {
  if (!result) throw std::runtime_error{result.error().message};
  return std::move(*result);
}

}  // namespace

WholeEngine::WholeEngine(model::Project project) {
  const std::string run = "01900000-0000-7000-8000-000000000000";
  const std::string agent = project.agent.name;
  const auto limits = project.agent.limits;
  const auto identity = project.agent_identity();
  egress::Snapshot snapshot{policy::Evaluator{std::move(project)}, run, agent, identity, {}, nullptr, {}};
  snapshot.names = egress::Names{snapshot.evaluator.tools()};
  limiter_ = std::make_unique<egress::Limiter>(limits, snapshot.evaluator.upstreams());
  snapshot.limiter = limiter_.get();
  snapshot_ = std::make_shared<const egress::Snapshot>(std::move(snapshot));
  journal_ = std::make_unique<audit::Journal>(sound(audit::Journal::create(directory_ / "run.jsonl", run, agent)));
  recorder_ = std::make_unique<egress::Recorder>(*journal_);
  pauses_ = std::make_unique<egress::Pauses>(plane_, *recorder_, run);
  secrets_ =
      std::make_unique<egress::Secrets>(worker_, directory_.path(), egress::SecretsAhead{}, config::StoredSecrets{});
  credentials_ = std::make_unique<egress::Credentials>(*secrets_, worker_, egress::TokenRuns{}, nullptr);
  approvals_ = std::make_unique<egress::Approvals>(loop_, plane_, *recorder_, *pauses_, run, egress::ApprovalOptions{});
  engine_.reset(
      new egress::Engine{loop_, ticker_, snapshot_, *recorder_, *approvals_, *credentials_, upstreams_, {}, nullptr});
  authority_ = sound(doors_.listen(egress::Door::alias, snapshot_->evaluator.tools().front()));
  doors_.open(*engine_, {.root = 0, .diagnostics = -1, .is_fenced = true});
}

WholeEngine::~WholeEngine() {
  credentials_->join();
  worker_.join();
  loop_.abandon();
}

}  // namespace runagents::bench
