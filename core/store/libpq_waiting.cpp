// The functions of libpq that send a statement and wait for its answer, with a limit; as libpq's own but for that.
#include <libpq-events.h>
#include <libpq-fe.h>
#include <poll.h>
#include <sys/socket.h>

#include "core/store/libpq.hpp"

namespace runagents::store {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds default_patience = std::chrono::seconds{30};

// Whose data the patience is; of what happens to the connection it needs to know nothing.
int owner(PGEventId /*event*/, void* /*info*/, void* /*argument*/) { return 1; }

milliseconds patience_of(const PGconn* connection) noexcept {
  const auto* patience = static_cast<const milliseconds*>(::PQinstanceData(connection, &owner));
  return patience == nullptr || *patience == milliseconds::zero() ? default_patience : *patience;
}

// Until PQgetResult has something to return, be it only why there is nothing more.
void await_result(PGconn* connection, Clock::time_point end) noexcept {
  while (::PQisBusy(connection) != 0) {
    const int unsent = ::PQflush(connection);
    if (unsent < 0) return;
    const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
    if (left <= milliseconds::zero()) {
      (void)::shutdown(::PQsocket(connection), SHUT_RDWR);
      return;
    }
    pollfd one{::PQsocket(connection), static_cast<short>(unsent == 0 ? POLLIN : POLLIN | POLLOUT), 0};
    (void)::poll(&one, 1, static_cast<int>(left.count()));
    if (::PQconsumeInput(connection) == 0) return;
  }
}

bool is_fatal(const PGresult* result) noexcept { return ::PQresultStatus(result) == PGRES_FATAL_ERROR; }

// No statement of ours copies, so a server that says so is out of its mind, and would say so for ever.
bool is_last(const PGconn* connection, const PGresult* result) noexcept {
  const auto status = ::PQresultStatus(result);
  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH ||
         ::PQstatus(connection) == CONNECTION_BAD;
}

// The last of all results, or the first failure: what comes after it is its consequence.
PGresult* answer(PGconn* connection, int is_sent) noexcept {
  if (is_sent == 0) return nullptr;
  const auto end = Clock::now() + patience_of(connection);
  PGresult* kept = nullptr;
  for (;;) {
    await_result(connection, end);
    PGresult* const next = ::PQgetResult(connection);
    if (next == nullptr) return kept;
    const bool ends = is_last(connection, next);
    if (kept != nullptr && is_fatal(kept)) {
      ::PQclear(next);
    } else {
      ::PQclear(kept);
      kept = next;
    }
    if (ends) return kept;
  }
}

}  // namespace

void set_patience(PGconn& connection, const milliseconds& patience) noexcept {
  (void)::PQsetnonblocking(&connection, 1);
  (void)::PQregisterEventProc(&connection, &owner, "patience", nullptr);
  (void)::PQsetInstanceData(&connection, &owner, const_cast<milliseconds*>(&patience));
}

}  // namespace runagents::store

// clang-format off
#define RUNAGENTS_WAITING extern "C" __attribute__((visibility("hidden"))) PGresult*

RUNAGENTS_WAITING PQexec(PGconn* connection, const char* query) {
  return runagents::store::answer(connection, ::PQsendQuery(connection, query));
}

RUNAGENTS_WAITING PQexecParams(PGconn* connection, const char* command, int count, const Oid* types, const char* const* values, const int* lengths, const int* formats, int format) {
  return runagents::store::answer(connection, ::PQsendQueryParams(connection, command, count, types, values, lengths, formats, format));
}

RUNAGENTS_WAITING PQexecPrepared(PGconn* connection, const char* statement, int count, const char* const* values, const int* lengths, const int* formats, int format) {
  return runagents::store::answer(connection, ::PQsendQueryPrepared(connection, statement, count, values, lengths, formats, format));
}

RUNAGENTS_WAITING PQprepare(PGconn* connection, const char* statement, const char* query, int count, const Oid* types) {
  return runagents::store::answer(connection, ::PQsendPrepare(connection, statement, query, count, types));
}
// clang-format on
