#include <cerrno>
#include <charconv>
#include <cstddef>
#include <fcntl.h>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <unistd.h>
#include <vector>

#include "core/audit/digest.hpp"
#include "core/audit/journal.hpp"
#include "core/descriptor.hpp"

namespace runagents::audit {
namespace {

constexpr std::size_t block_bytes = std::size_t{64} * 1024;
// Far above the longest line that a call can make (its head is limited to kilobytes, and escaping makes six of one).
constexpr std::size_t max_line_bytes = std::size_t{8} * 1024 * 1024;

constexpr std::string_view seq_prefix = R"({"seq":)";
constexpr std::string_view ts_prefix = R"(,"ts":")";
constexpr std::string_view run_prefix = R"(,"run_id":")";
constexpr std::string_view type_prefix = R"(,"type":")";
constexpr std::string_view prev_prefix = R"(,"prev_hash":")";
constexpr std::string_view hash_prefix = R"(,"hash":")";
constexpr std::size_t digest_size = std::tuple_size_v<HexDigest>;
constexpr std::size_t hash_member = hash_prefix.size() + digest_size + 1;
constexpr std::size_t prev_member = prev_prefix.size() + digest_size + 1;

// The journal's own members stand at fixed places from both ends of a line and its strings are escaped, so that a line
// can be checked without parsing it.
class Chain {
 public:
  Chain() { last_.fill('0'); }

  // Empty when the line continues the chain, otherwise what is wrong with it.
  std::string check(std::string_view line) {
    if (!line.starts_with(seq_prefix) || line.size() < seq_prefix.size() + prev_member + hash_member + 1 ||
        !line.ends_with("\"}")) {
      return "is not an event of a journal";
    }
    std::uint64_t seq = 0;
    const auto number = std::from_chars(line.data() + seq_prefix.size(), line.data() + line.size(), seq);
    if (number.ec != std::errc{} || *number.ptr != ',') return "is not an event of a journal";
    if (seq != events_ + 1) {
      return "has seq " + std::to_string(seq) + " where " + std::to_string(events_ + 1) + " was expected";
    }
    if (auto problem = check_members(std::string_view{number.ptr, line.data() + line.size()}); !problem.empty()) {
      return problem;
    }
    auto problem = check_hashes(line.substr(0, line.size() - 1));
    if (problem.empty()) {
      last_type_ = type_;
      if (type_ == "TOOL_CALLED" || type_ == "MODEL_CALLED") ++calls_;
    }
    return problem;
  }

  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t calls() const { return calls_; }
  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  [[nodiscard]] const std::string& last_type() const { return last_type_; }
  [[nodiscard]] std::string last_hash() const { return events_ == 0 ? std::string{} : std::string{view(last_)}; }

 private:
  // Time, run and type follow the number in this order.
  std::string check_members(std::string_view members) {
    const auto time = take(members, ts_prefix);
    const auto run = take(members, run_prefix);
    const auto type = take(members, type_prefix);
    if (!time || !run || !type || run->empty()) return "is not an event of a journal";
    if (run_id_.empty()) run_id_ = *run;
    if (*run != run_id_) return "belongs to the run " + std::string{*run} + " and not to " + run_id_;
    type_ = *type;
    return {};
  }

  static std::optional<std::string_view> take(std::string_view& members, std::string_view prefix) {
    if (!members.starts_with(prefix)) return std::nullopt;
    members.remove_prefix(prefix.size());
    const auto end = members.find('"');
    if (end == members.npos) return std::nullopt;
    const auto value = members.substr(0, end);
    members.remove_prefix(end + 1);
    return value;
  }

  // `line` is without its closing brace.
  std::string check_hashes(std::string_view line) {
    const std::string_view hashed = line.substr(0, line.size() - hash_member);
    const std::string_view hash = line.substr(hashed.size());
    const std::string_view prev = hashed.substr(hashed.size() - prev_member);
    if (!hash.starts_with(hash_prefix) || !prev.starts_with(prev_prefix)) return "does not end in its hashes";
    if (prev.substr(prev_prefix.size(), digest_size) != view(last_)) return "does not follow from the line before it";
    HexDigest computed{};
    if (!digester_.digest(hashed, computed)) return "cannot be checked: SHA-256 is not available";
    if (hash.substr(hash_prefix.size(), digest_size) != view(computed)) return "was changed: its hash does not fit";
    last_ = computed;
    ++events_;
    return {};
  }

  Digester digester_;
  HexDigest last_{};
  std::uint64_t events_ = 0;
  std::uint64_t calls_ = 0;
  std::string run_id_;
  std::string_view type_;  // of the line at hand
  std::string last_type_;
};

std::unexpected<Error> unreadable(const std::filesystem::path& file, int error) {
  return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::unavailable,
              "cannot read the event journal " + file.string() + ": " + std::system_category().message(error));
}

// Feeds complete lines to the chain as blocks come in; keeps the incomplete rest.
class Verification {
 public:
  // False when there is no point in reading on.
  bool feed(std::string_view block) {
    while (!block.empty()) {
      const std::size_t end = block.find('\n');
      pending_.append(block.substr(0, end));
      if (pending_.size() > max_line_bytes) return refuse("is too long for an event");
      if (end == std::string_view::npos) return true;
      if (std::string problem = chain_.check(pending_); !problem.empty()) return refuse(std::move(problem));
      report_.bytes += pending_.size() + 1;
      pending_.clear();
      block.remove_prefix(end + 1);
    }
    return true;
  }

  ChainReport report() && {
    report_.events = chain_.events();
    report_.last_hash = chain_.last_hash();
    report_.run_id = chain_.run_id();
    report_.last_type = chain_.last_type();
    report_.calls = chain_.calls();
    report_.intact = report_.bad_line == 0;
    report_.torn_tail = report_.intact && !pending_.empty();
    return std::move(report_);
  }

 private:
  bool refuse(std::string problem) {
    report_.bad_line = chain_.events() + 1;
    report_.problem = "line " + std::to_string(report_.bad_line) + " " + std::move(problem);
    return false;
  }

  Chain chain_;
  std::string pending_;
  ChainReport report_;
};

}  // namespace

ChainReport verify(std::span<const std::string> lines) {
  Verification verification;
  for (const auto& line : lines) {
    if (!verification.feed(line) || !verification.feed("\n")) break;
  }
  return std::move(verification).report();
}

Result<ChainReport> verify(const std::filesystem::path& file) {
  const Descriptor descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (descriptor.get() < 0) return unreadable(file, errno);
  Verification verification;
  std::vector<char> block(block_bytes);
  for (;;) {
    const ssize_t got = ::read(descriptor.get(), block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return unreadable(file, errno);
    if (got == 0 || !verification.feed({block.data(), static_cast<std::size_t>(got)})) break;
  }
  return std::move(verification).report();
}

}  // namespace runagents::audit
