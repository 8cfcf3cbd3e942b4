#include "core/store/libpq.hpp"

#include <cstddef>
#include <cstdlib>
#include <dlfcn.h>
#include <libpq-events.h>
#include <libpq-fe.h>

// Linking libpq would have the loader bind it and the twenty libraries behind it at every start, which doubles the time
// of `runagents run -- true`. So the functions that SOCI's archive and this folder call are defined here, and pass on
// to the library once it was loaded; those that wait are in libpq_waiting.cpp. The compiler holds each line against
// libpq's own declaration; a function that is missing is an error of the linker.

namespace runagents::store {
namespace {

void* library() noexcept {
  static void* const loaded = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  return loaded;
}

template <class Function>
Function* find(const char* name) noexcept {
  auto* function = library() == nullptr ? nullptr : reinterpret_cast<Function*>(::dlsym(library(), name));
  if (function == nullptr) std::abort();  // called without has_libpq(): there is no answer to give
  return function;
}

}  // namespace

bool has_libpq() noexcept { return library() != nullptr; }

}  // namespace runagents::store

// Hidden, so that libpq's calls of its own functions cannot come back here.
#define RUNAGENTS_PASS_ON(Answer, name, parameters, arguments)                     \
  extern "C" __attribute__((visibility("hidden"))) Answer name parameters {        \
    static auto* const function = runagents::store::find<decltype(::name)>(#name); \
    return function arguments;                                                     \
  }

// clang-format off
RUNAGENTS_PASS_ON(void, PQclear, (PGresult* result), (result))
RUNAGENTS_PASS_ON(char*, PQcmdTuples, (PGresult* result), (result))
RUNAGENTS_PASS_ON(PGconn*, PQconnectdb, (const char* parameters), (parameters))
RUNAGENTS_PASS_ON(void, PQconninfoFree, (PQconninfoOption* options), (options))
RUNAGENTS_PASS_ON(PQconninfoOption*, PQconninfoParse, (const char* parameters, char** message), (parameters, message))
RUNAGENTS_PASS_ON(int, PQconsumeInput, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(char*, PQerrorMessage, (const PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, PQfformat, (const PGresult* result, int field), (result, field))
RUNAGENTS_PASS_ON(void, PQfinish, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, PQflush, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(char*, PQfname, (const PGresult* result, int field), (result, field))
RUNAGENTS_PASS_ON(void, PQfreemem, (void* memory), (memory))
RUNAGENTS_PASS_ON(int, PQfsize, (const PGresult* result, int field), (result, field))
RUNAGENTS_PASS_ON(Oid, PQftype, (const PGresult* result, int field), (result, field))
RUNAGENTS_PASS_ON(int, PQgetisnull, (const PGresult* result, int row, int field), (result, row, field))
RUNAGENTS_PASS_ON(PGresult*, PQgetResult, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(char*, PQgetvalue, (const PGresult* result, int row, int field), (result, row, field))
RUNAGENTS_PASS_ON(void*, PQinstanceData, (const PGconn* connection, PGEventProc owner), (connection, owner))
RUNAGENTS_PASS_ON(int, PQisBusy, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, PQnfields, (const PGresult* result), (result))
RUNAGENTS_PASS_ON(int, PQntuples, (const PGresult* result), (result))
RUNAGENTS_PASS_ON(const char*, PQparameterStatus, (const PGconn* connection, const char* name), (connection, name))
RUNAGENTS_PASS_ON(int, PQregisterEventProc, (PGconn* connection, PGEventProc owner, const char* name, void* argument), (connection, owner, name, argument))
RUNAGENTS_PASS_ON(char*, PQresultErrorField, (const PGresult* result, int code), (result, code))
RUNAGENTS_PASS_ON(char*, PQresultErrorMessage, (const PGresult* result), (result))
RUNAGENTS_PASS_ON(ExecStatusType, PQresultStatus, (const PGresult* result), (result))
RUNAGENTS_PASS_ON(int, PQsendPrepare, (PGconn* connection, const char* statement, const char* query, int count, const Oid* types), (connection, statement, query, count, types))
RUNAGENTS_PASS_ON(int, PQsendQuery, (PGconn* connection, const char* query), (connection, query))
RUNAGENTS_PASS_ON(int, PQsendQueryParams, (PGconn* connection, const char* command, int count, const Oid* types, const char* const* values, const int* lengths, const int* formats, int format), (connection, command, count, types, values, lengths, formats, format))
RUNAGENTS_PASS_ON(int, PQsendQueryPrepared, (PGconn* connection, const char* statement, int count, const char* const* values, const int* lengths, const int* formats, int format), (connection, statement, count, values, lengths, formats, format))
RUNAGENTS_PASS_ON(int, PQserverVersion, (const PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, PQsetInstanceData, (PGconn* connection, PGEventProc owner, void* data), (connection, owner, data))
RUNAGENTS_PASS_ON(int, PQsetnonblocking, (PGconn* connection, int is_wanted), (connection, is_wanted))
RUNAGENTS_PASS_ON(PQnoticeProcessor, PQsetNoticeProcessor, (PGconn* connection, PQnoticeProcessor processor, void* argument), (connection, processor, argument))
RUNAGENTS_PASS_ON(int, PQsetSingleRowMode, (PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, PQsocket, (const PGconn* connection), (connection))
RUNAGENTS_PASS_ON(ConnStatusType, PQstatus, (const PGconn* connection), (connection))
RUNAGENTS_PASS_ON(PGTransactionStatusType, PQtransactionStatus, (const PGconn* connection), (connection))
RUNAGENTS_PASS_ON(int, lo_close, (PGconn* connection, int object), (connection, object))
RUNAGENTS_PASS_ON(int, lo_lseek, (PGconn* connection, int object, int offset, int whence), (connection, object, offset, whence))
RUNAGENTS_PASS_ON(int, lo_open, (PGconn* connection, Oid object, int mode), (connection, object, mode))
RUNAGENTS_PASS_ON(int, lo_read, (PGconn* connection, int object, char* data, std::size_t size), (connection, object, data, size))
RUNAGENTS_PASS_ON(int, lo_write, (PGconn* connection, int object, const char* data, std::size_t size), (connection, object, data, size))
// clang-format on
