#include "tests/bench/hot_path/allocations.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <execinfo.h>
#include <link.h>
#include <new>
#include <string_view>

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
}

namespace runagents::bench {
namespace {

struct Site {
  std::array<void*, Allocations::max_frames> frames{};
  int depth = 0;
  std::size_t bytes = 0;
  std::size_t times = 0;
};

constinit thread_local bool is_counting = false;  // off while a stack is taken, which may allocate itself
constinit std::array<Site, 512> sites{};
constinit std::size_t total = 0;
constinit std::size_t unplaced = 0;

[[gnu::noinline]] void note(std::size_t bytes) {
  is_counting = false;
  ++total;
  Site seen;
  seen.bytes = bytes;
  seen.depth = ::backtrace(seen.frames.data(), static_cast<int>(seen.frames.size()));
  const auto known = std::ranges::find_if(sites, [&seen, bytes](const Site& site) {
    return site.depth == 0 || (site.bytes == bytes && site.frames == seen.frames);
  });
  if (known == sites.end()) {
    ++unplaced;
  } else {
    if (known->depth == 0) *known = seen;
    ++known->times;
  }
  is_counting = true;
}

/// Where the program itself was loaded.
std::uintptr_t program_base() {
  std::uintptr_t base = 0;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* found) {
        *static_cast<std::uintptr_t*>(found) = info->dlpi_addr;
        return 1;
      },
      &base);
  return base;
}

}  // namespace

void Allocations::start() {
  std::array<void*, 4> frames{};
  ::backtrace(frames.data(), static_cast<int>(frames.size()));  // loads what it needs
  is_counting = true;
}

void Allocations::stop() { is_counting = false; }
std::size_t Allocations::count() { return total; }

void Allocations::print() {
  const auto base = program_base();
  for (const auto& site : sites) {
    if (site.depth == 0) break;
    std::printf("site %zu %zu", site.times, site.bytes);
    for (int i = 0; i < site.depth; ++i) {
      std::printf(" 0x%zx", reinterpret_cast<std::uintptr_t>(site.frames.at(static_cast<std::size_t>(i))) - base);
    }
    std::printf("\n");
  }
  if (unplaced > 0) std::printf("site %zu 0\n", unplaced);
}

}  // namespace runagents::bench

// What the program links against calls these instead of the C library's.
extern "C" {

void* malloc(std::size_t size) {
  if (runagents::bench::is_counting) runagents::bench::note(size);
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) {
  if (runagents::bench::is_counting) runagents::bench::note(count * size);
  return __libc_calloc(count, size);
}

void* realloc(void* memory, std::size_t size) {
  if (runagents::bench::is_counting) runagents::bench::note(size);
  return __libc_realloc(memory, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  if (runagents::bench::is_counting) runagents::bench::note(size);
  return __libc_memalign(alignment, size);
}
}
