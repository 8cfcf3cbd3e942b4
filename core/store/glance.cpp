#include "core/store/glance.hpp"

#include <cstddef>
#include <cstdint>
#include <fmt/format.h>
#include <sqlite3.h>
#include <string_view>
#include <system_error>

namespace runagents::store {
namespace {

constexpr int patience_ms = 100;

/// sqlite.org/uri.html, 3.1
std::string uri_path(std::string_view path) {
  std::string text;
  for (const char byte : path) {
    if (byte == '%' || byte == '?' || byte == '#') {
      text += fmt::format("%{:02x}", static_cast<unsigned char>(byte));
    } else {
      text += byte;
    }
  }
  return text;
}

/// A log beside the file holds what is not in it yet; without one nobody can be writing.
bool has_log(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file.string() + "-wal", error);
  return !error && size > 0;
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};

std::string text_at(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  return text == nullptr ? std::string{}
                         : std::string{text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

}  // namespace

void Glance::Close::operator()(sqlite3* connection) const noexcept { sqlite3_close(connection); }

Result<Glance> Glance::open(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(file, error)) return fail(ErrorCode::not_found, "there is no store");
  const auto uri = fmt::format("file:{}?mode=ro&{}", uri_path(std::filesystem::absolute(file, error).string()),
                               has_log(file) ? "readonly_shm=1" : "immutable=1");
  sqlite3* connection = nullptr;
  const int code =
      sqlite3_open_v2(uri.c_str(), &connection, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  Glance glance{connection};
  if (code != SQLITE_OK) return fail(ErrorCode::unavailable, "the store cannot be opened");
  sqlite3_busy_timeout(connection, patience_ms);
  return glance;
}

Result<std::vector<std::vector<std::string>>> Glance::rows(const std::string& sql,
                                                           std::span<const std::string> parameters) {
  sqlite3_stmt* prepared = nullptr;
  if (sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &prepared, nullptr) != SQLITE_OK) {
    return fail(ErrorCode::unavailable, "the store cannot be asked");
  }
  const std::unique_ptr<sqlite3_stmt, Finalize> statement{prepared};
  int place = 0;
  for (const auto& text : parameters) {
    sqlite3_bind_text(prepared, ++place, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
  }
  std::vector<std::vector<std::string>> rows;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(prepared)) == SQLITE_ROW) {
    const int columns = sqlite3_column_count(prepared);
    std::vector<std::string> row;
    row.reserve(static_cast<std::size_t>(columns));
    for (int column = 0; column < columns; ++column) row.push_back(text_at(prepared, column));
    rows.push_back(std::move(row));
  }
  if (code != SQLITE_DONE) return fail(ErrorCode::unavailable, "the store cannot be read");
  return rows;
}

}  // namespace runagents::store
