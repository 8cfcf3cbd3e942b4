#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "core/error.hpp"
#include "core/http/offload.hpp"
#include "server/plane.hpp"

namespace runagents::server {

/// The worker threads of a server, each with a control plane to itself. Of the event loop's thread.
class Planes {
 public:
  /// Opens `count` of them; the first one brings the store up to date.
  [[nodiscard]] static Result<std::unique_ptr<Planes>> open(const PlaneOptions& options, unsigned count);
  ~Planes();
  Planes(const Planes&) = delete;
  Planes& operator=(const Planes&) = delete;

  /// Does `work`, which may block, on a worker thread, and resumes the caller on its own with what came out. `work`
  /// owns all that it needs: the caller may be gone before it is done.
  template <class T>
  [[nodiscard]] http::Task<T> run(std::function<T(Plane&)> work) {
    co_return co_await http::offload<T>(threads_, [this, job = std::move(work)] {
      const Borrowed plane{*this};
      return job(*plane.plane);
    });
  }

  /// The same on the calling thread, before the server has begun.
  template <class Work>
  auto with_one(Work work) {
    const Borrowed plane{*this};
    return work(*plane.plane);
  }

  /// Waits for what is under way.
  void join() { threads_.join(); }

 private:
  struct Borrowed {
    explicit Borrowed(Planes& from) : planes{from}, plane{from.take()} {}
    ~Borrowed() { planes.give_back(std::move(plane)); }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Planes& planes;
    std::unique_ptr<Plane> plane;
  };

  explicit Planes(std::vector<std::unique_ptr<Plane>> planes);
  std::unique_ptr<Plane> take();
  void give_back(std::unique_ptr<Plane> plane);

  std::mutex mutex_;
  std::vector<std::unique_ptr<Plane>> free_;  ///< as many as there are threads, so a thread always finds one
  http::Worker threads_;
};

}  // namespace runagents::server
