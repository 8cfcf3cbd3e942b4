#include "core/model/approval.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace runagents::model {
namespace {

constexpr std::array scopes = {
    std::pair{Scope::once, std::string_view{"once"}},
    std::pair{Scope::run, std::string_view{"run"}},
    std::pair{Scope::window, std::string_view{"agent_user_ttl"}},
};

constexpr std::array statuses = {
    std::pair{ApprovalStatus::pending, std::string_view{"PENDING"}},
    std::pair{ApprovalStatus::approved, std::string_view{"APPROVED"}},
    std::pair{ApprovalStatus::rejected, std::string_view{"REJECTED"}},
    std::pair{ApprovalStatus::expired, std::string_view{"EXPIRED"}},
};

void put_digits(std::string& out, int value, std::size_t width) {
  const std::size_t start = out.size();
  out.append(width, '0');
  for (std::size_t i = width; i-- > 0; value /= 10) out[start + i] = static_cast<char>('0' + value % 10);
}

// Reads one part after the other off the front of a text; any mismatch makes it fail for good.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_{text} {}

  int digits(std::size_t width) {
    int value = 0;
    if (rest_.size() < width) return give_up();
    for (const char c : rest_.substr(0, width)) {
      if (c < '0' || c > '9') return give_up();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(width);
    return value;
  }

  bool skip(std::string_view any_of) {
    if (rest_.empty() || !any_of.contains(rest_.front())) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) {
    if (!skip(any_of)) give_up();
  }

  // The digits after the decimal point, cut to milliseconds.
  int fraction() {
    int value = 0;
    std::size_t seen = 0;
    for (; !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9'; rest_.remove_prefix(1), ++seen) {
      if (seen < 3) value = value * 10 + (rest_.front() - '0');
    }
    if (seen == 0) return give_up();
    for (; seen < 3; ++seen) value *= 10;
    return value;
  }

  [[nodiscard]] char front() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

 private:
  int give_up() {
    good_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

// Minutes east of UTC; "Z" is 0.
int read_offset(Reader& reader) {
  if (reader.skip("Zz")) return 0;
  const int sign = reader.front() == '-' ? -1 : 1;
  reader.expect("+-");
  const int hours = reader.digits(2);
  reader.expect(":");
  return sign * (hours * 60 + reader.digits(2));
}

}  // namespace

std::string to_iso8601(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::string out;
  out.reserve(24);
  put_digits(out, static_cast<int>(date.year()), 4);
  out += '-';
  put_digits(out, static_cast<int>(static_cast<unsigned>(date.month())), 2);
  out += '-';
  put_digits(out, static_cast<int>(static_cast<unsigned>(date.day())), 2);
  out += 'T';
  put_digits(out, static_cast<int>(clock.hours().count()), 2);
  out += ':';
  put_digits(out, static_cast<int>(clock.minutes().count()), 2);
  out += ':';
  put_digits(out, static_cast<int>(clock.seconds().count()), 2);
  out += '.';
  put_digits(out, static_cast<int>(clock.subseconds().count()), 3);
  out += 'Z';
  return out;
}

std::optional<Time> from_iso8601(std::string_view text) {
  Reader reader{text};
  const int year = reader.digits(4);
  reader.expect("-");
  const int month = reader.digits(2);
  reader.expect("-");
  const int day = reader.digits(2);
  reader.expect("Tt ");
  const int hour = reader.digits(2);
  reader.expect(":");
  const int minute = reader.digits(2);
  reader.expect(":");
  const int second = reader.digits(2);
  const int milliseconds = reader.skip(".") ? reader.fraction() : 0;
  const int offset = read_offset(reader);
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!reader.finished() || !date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
  return std::chrono::sys_days{date} + std::chrono::hours{hour} + std::chrono::minutes{minute - offset} +
         std::chrono::seconds{second} + std::chrono::milliseconds{milliseconds};
}

Time now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

std::string_view word(Scope scope) noexcept {
  const auto* found = std::ranges::find(scopes, scope, &std::pair<Scope, std::string_view>::first);
  return found == scopes.end() ? std::string_view{} : found->second;
}

std::optional<Scope> scope_of(std::string_view word) noexcept {
  if (word == "window" || word == "ttl") return Scope::window;
  const auto* found = std::ranges::find(scopes, word, &std::pair<Scope, std::string_view>::second);
  return found == scopes.end() ? std::nullopt : std::optional{found->first};
}

std::string_view word(ApprovalStatus status) noexcept {
  const auto* found = std::ranges::find(statuses, status, &std::pair<ApprovalStatus, std::string_view>::first);
  return found == statuses.end() ? std::string_view{} : found->second;
}

std::optional<ApprovalStatus> approval_status_of(std::string_view word) noexcept {
  const auto* found = std::ranges::find(statuses, word, &std::pair<ApprovalStatus, std::string_view>::second);
  return found == statuses.end() ? std::nullopt : std::optional{found->first};
}

}  // namespace runagents::model
