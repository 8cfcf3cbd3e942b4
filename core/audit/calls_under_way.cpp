#include "core/audit/calls_under_way.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace runagents::audit {
namespace {

constexpr std::size_t block_size = std::size_t{64} * 1024;
constexpr std::size_t small_size = 1024;

struct Header {
  std::uint32_t capacity;  // of the place, with this
  std::uint32_t used;      // bytes of text; 0: free
  std::uint64_t after_seq;
};

Header& header(std::byte* place) { return *reinterpret_cast<Header*>(place); }
char* text(std::byte* place) { return reinterpret_cast<char*>(place) + sizeof(Header); }

std::size_t room(std::size_t capacity) { return capacity - sizeof(Header); }

}  // namespace

std::filesystem::path CallsUnderWay::file_of(std::filesystem::path journal) {
  return journal.replace_extension(".calls");
}

CallsUnderWay::CallsUnderWay(const std::filesystem::path& journal) : file_{file_of(journal)} {}

CallsUnderWay::~CallsUnderWay() {
  for (auto* block : blocks_) ::munmap(block, block_size);
}

CallsUnderWay::Place CallsUnderWay::put(const Entry& entry, bool is_synced) {
  const bool is_small = entry.text.size() <= room(small_size);
  if (entry.text.empty() || entry.text.size() > room(block_size)) return nowhere;
  auto& free = is_small ? free_small_ : free_large_;
  if (free.empty() && !grow(is_small ? small_size : block_size)) return nowhere;
  const Place number = free.back();
  auto* place = places_[number];
  std::memcpy(text(place), entry.text.data(), entry.text.size());
  header(place).after_seq = entry.after_seq;
  std::atomic_ref{header(place).used}.store(static_cast<std::uint32_t>(entry.text.size()), std::memory_order_release);
  if (is_synced && ::fdatasync(fd_.get()) != 0) {
    header(place).used = 0;
    return nowhere;
  }
  free.pop_back();
  ++used_;
  return number;
}

void CallsUnderWay::drop(Place number) noexcept {
  auto& head = header(places_[number]);
  if (head.used == 0) return;
  std::atomic_ref{head.used}.store(0, std::memory_order_release);
  (head.capacity == small_size ? free_small_ : free_large_).push_back(number);
  --used_;
}

void CallsUnderWay::for_each(const std::function<void(Place, const Entry&)>& take) const {
  for (Place number = 0; number < places_.size(); ++number) {
    const auto& head = header(places_[number]);
    if (head.used != 0) take(number, {head.after_seq, {text(places_[number]), head.used}});
  }
}

void CallsUnderWay::remove() noexcept {
  std::error_code ignored;
  if (fd_.get() >= 0) std::filesystem::remove(file_, ignored);
}

bool CallsUnderWay::grow(std::size_t capacity) {
  if (fd_.get() < 0) {
    Descriptor created{::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (created.get() < 0) return false;
    fd_ = std::move(created);
  }
  int failed = 0;
  do {
    failed = ::posix_fallocate(fd_.get(), static_cast<off_t>(size_), static_cast<off_t>(block_size));
  } while (failed == EINTR);
  if (failed != 0 || !map(size_, capacity)) return false;
  size_ += block_size;
  return true;
}

/// One block, and its places; those of a new block (all zeros) have this capacity.
bool CallsUnderWay::map(std::size_t offset, std::size_t capacity) {
  void* mapped = ::mmap(nullptr, block_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), static_cast<off_t>(offset));
  if (mapped == MAP_FAILED) return false;
  auto* block = static_cast<std::byte*>(mapped);
  blocks_.push_back(block);
  if (header(block).capacity != 0) capacity = header(block).capacity;
  if (capacity != small_size) capacity = block_size;
  for (std::size_t at = 0; at < block_size; at += capacity) {
    auto& head = header(block + at);
    head.capacity = static_cast<std::uint32_t>(capacity);
    const auto number = static_cast<Place>(places_.size());
    places_.push_back(block + at);
    if (head.used > room(capacity)) head.used = 0;
    if (head.used != 0) {
      ++used_;
    } else {
      (capacity == small_size ? free_small_ : free_large_).push_back(number);
    }
  }
  return true;
}

Result<void> CallsUnderWay::load() {
  const auto unreadable = [this](int error) {
    return fail(ErrorCode::unavailable,
                "cannot read the calls under way in " + file_.string() + ": " + std::system_category().message(error));
  };
  Descriptor file{::open(file_.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW)};
  if (file.get() < 0) {
    if (errno == ENOENT) return {};
    return unreadable(errno);
  }
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return unreadable(errno);
  fd_ = std::move(file);
  // A block that was not allocated whole has nothing in it.
  const auto whole = static_cast<std::size_t>(status.st_size) / block_size * block_size;
  for (; size_ < whole; size_ += block_size) {
    if (map(size_, small_size)) continue;
    const int error = errno;
    fd_ = Descriptor{-1};  // nothing is removed that was not read
    return unreadable(error);
  }
  return {};
}

}  // namespace runagents::audit
