#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

#include "core/api/control_plane.hpp"
#include "runner/egress/worker.hpp"

namespace runagents::egress {

/// The run's control plane for the engine: what is asked there blocks threads of a worker and never the engine. One
/// that is far away has a worker to itself, so that calls that do not need it do not wait for it. Of the engine's
/// thread; worker and planes outlive what is under way.
class PlaneWorker {
 public:
  /// `planes`: as many as the worker has threads.
  PlaneWorker(Worker& worker, std::vector<api::ControlPlane*> planes, bool is_remote)
      : worker_{worker}, free_{std::make_shared<Free>(std::move(planes))}, is_remote_{is_remote} {}

  /// Whether asking takes a network, which may fail for a while.
  [[nodiscard]] bool is_remote() const noexcept { return is_remote_; }

  template <class T>
  [[nodiscard]] http::Task<T> ask(std::function<T(api::ControlPlane&)> work) {
    co_return co_await offload<T>(worker_, [free = free_, job = std::move(work)] {
      const Borrowed borrowed{*free};
      return job(*borrowed.plane);
    });
  }

  /// The same without waiting for what comes of it.
  void post(std::function<void(api::ControlPlane&)> work) {
    http::asio::post(worker_, [free = free_, job = std::move(work)] {
      const Borrowed borrowed{*free};
      job(*borrowed.plane);
    });
  }

 private:
  struct Free {
    explicit Free(std::vector<api::ControlPlane*> all) : planes{std::move(all)} {}
    std::mutex mutex;
    std::vector<api::ControlPlane*> planes;
  };
  struct Borrowed {
    explicit Borrowed(Free& from) : free{from} {
      const std::scoped_lock lock{free.mutex};
      plane = free.planes.back();
      free.planes.pop_back();
    }
    ~Borrowed() {
      const std::scoped_lock lock{free.mutex};
      free.planes.push_back(plane);
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Free& free;
    api::ControlPlane* plane = nullptr;
  };

  Worker& worker_;
  std::shared_ptr<Free> free_;
  bool is_remote_;
};

}  // namespace runagents::egress
