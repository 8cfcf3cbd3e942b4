#include "core/http/lookup.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <system_error>
#include <thread>
#include <utility>

#include <boost/asio/execution_context.hpp>
#include <boost/asio/post.hpp>

namespace runagents::http {
namespace {

/// More than this many questions at a time wait for their turn.
constexpr std::size_t max_threads = 16;

using Name = std::pair<std::string, std::uint16_t>;

struct Question {
  Name name;
  Lookup answer;
  std::vector<Timer*> waiting{};
};

Lookup ask(const Name& name) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(name.first.c_str(), std::to_string(name.second).c_str(), &hints, &found);
  if (error != 0) return {Lookup::Outcome::failed, {}, ::gai_strerror(error)};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned{found, &::freeaddrinfo};
  Lookup answer{Lookup::Outcome::found};
  for (const auto* one = found; one != nullptr; one = one->ai_next) {
    tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    endpoint.resize(one->ai_addrlen);
    std::copy_n(reinterpret_cast<const char*>(one->ai_addr), one->ai_addrlen, reinterpret_cast<char*>(endpoint.data()));
    answer.endpoints.push_back(endpoint);
  }
  return answer;
}

/// What the threads know of their loop; it outlives both.
struct Way {
  std::mutex mutex;
  asio::io_context* context = nullptr;  // null: the loop is gone, and nobody waits
};

/// The questions of one loop.
class Lookups final : public asio::execution_context::service {
 public:
  using key_type = Lookups;
  static inline asio::execution_context::id id;

  explicit Lookups(asio::execution_context& context) : service{context} {
    way_->context = &static_cast<asio::io_context&>(context);
  }

  std::shared_ptr<Question> find_or_ask(Name name) {
    auto& question = open_[name];
    if (question) return question;
    question = std::make_shared<Question>(Question{std::move(name), {}});
    auto asked = question;
    queue_.push_back(asked);
    start();
    return asked;
  }

 private:
  void shutdown() override {
    const std::scoped_lock lock{way_->mutex};
    way_->context = nullptr;
  }

  void start() {
    while (running_ < max_threads && !queue_.empty()) {
      auto question = std::move(queue_.front());
      queue_.pop_front();
      try {
        std::thread{&Lookups::run, this, way_, question->name}.detach();
        ++running_;
      } catch (const std::system_error& error) {
        take(question->name, {Lookup::Outcome::failed, {}, error.code().message()});
      }
    }
  }

  /// On a thread; `self` is there as long as the way has a loop.
  static void run(Lookups* self, const std::shared_ptr<Way>& way, const Name& name) {
    Lookup answer;
    try {
      answer = ask(name);
    } catch (const std::exception& error) {
      answer = {Lookup::Outcome::failed, {}, error.what()};
    }
    const std::scoped_lock lock{way->mutex};
    if (way->context == nullptr) return;
    asio::post(*way->context, [self, name, answer = std::move(answer)]() mutable {
      --self->running_;
      self->take(name, std::move(answer));
      self->start();
    });
  }

  void take(const Name& name, Lookup answer) {
    const auto found = open_.find(name);
    if (found == open_.end()) return;
    const auto question = std::move(found->second);
    open_.erase(found);
    question->answer = std::move(answer);
    for (auto* timer : question->waiting) timer->cancel();
  }

  std::shared_ptr<Way> way_ = std::make_shared<Way>();
  std::map<Name, std::shared_ptr<Question>> open_;
  std::deque<std::shared_ptr<Question>> queue_;
  std::size_t running_ = 0;
};

/// One caller's place among those who wait.
class Waiting {
 public:
  Waiting(std::shared_ptr<Question> question, Timer& timer) : question_{std::move(question)}, timer_{timer} {
    question_->waiting.push_back(&timer_);
  }
  ~Waiting() { std::erase(question_->waiting, &timer_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<Question> question_;
  Timer& timer_;
};

}  // namespace

Task<Lookup> look_up(asio::io_context& context, std::string host, std::uint16_t port,
                     std::chrono::milliseconds patience) {
  const auto question = asio::use_service<Lookups>(context).find_or_ask({std::move(host), port});
  if (question->answer.outcome == Lookup::Outcome::late) {
    Timer timer{context};
    timer.expires_after(patience);
    const Waiting waiting{question, timer};
    static_cast<void>(co_await timer.async_wait(by_value));
  }
  co_return question->answer;
}

}  // namespace runagents::http
