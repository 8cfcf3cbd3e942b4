#pragma once

#include <dlfcn.h>
#include <doctest/doctest.h>
#include <libpq-fe.h>
#include <set>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace runagents::server {

/// Small whatever happens: a few rows, which are read as a whole.
inline const std::set<std::string> small_tables = {"signing_keys", "resources", "resource_versions", "schema_version"};

/// Lists pass over others' drafts, which are few.
inline const std::set<std::string> filtered_lists = {"mcp_servers"};

/// How the database answers the statements of one connection.
class Plans {
 public:
  Plans() = default;
  virtual ~Plans() = default;
  Plans(const Plans&) = delete;
  Plans& operator=(const Plans&) = delete;
  virtual void begin() = 0;
  /// What of the statements since `begin` reads a table as a whole or sorts what it finds, in words.
  virtual std::vector<std::string> bad() = 0;
  int transactions = 0;  ///< that wrote, since `begin`; of SQLite
};

class SqlitePlans final : public Plans {
 public:
  explicit SqlitePlans(soci::session& session)
      : connection_{static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_} {
    sqlite_api::sqlite3_trace_v2(connection_, SQLITE_TRACE_STMT, &heard, this);
  }
  void begin() override {
    statements_.clear();
    transactions = 0;
  }
  std::vector<std::string> bad() override {
    std::vector<std::string> found;
    for (const auto& sql : std::vector<std::string>{statements_.begin(), statements_.end()}) {
      for (auto& step : plan_of(sql)) {
        if (is_bad(step) && !sql.contains(" FROM signing_keys ")) found.push_back(step.append(" in ").append(sql));
      }
    }
    return found;
  }

 private:
  static int heard(unsigned /*event*/, void* self, void* statement, void* /*text*/) {
    const std::string sql = sqlite_api::sqlite3_sql(static_cast<sqlite_api::sqlite3_stmt*>(statement));
    auto& plans = *static_cast<SqlitePlans*>(self);
    if (sql.starts_with("BEGIN")) ++plans.transactions;
    if (sql.starts_with("SELECT") || sql.starts_with("UPDATE") || sql.starts_with("DELETE"))
      plans.statements_.insert(sql);
    return 0;
  }
  std::vector<std::string> plan_of(const std::string& sql) {
    sqlite_api::sqlite3_stmt* statement = nullptr;
    const auto text = "EXPLAIN QUERY PLAN " + sql;
    REQUIRE(sqlite_api::sqlite3_prepare_v2(connection_, text.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::vector<std::string> steps;
    while (sqlite_api::sqlite3_step(statement) == SQLITE_ROW) {
      steps.emplace_back(reinterpret_cast<const char*>(sqlite_api::sqlite3_column_text(statement, 3)));
    }
    sqlite_api::sqlite3_finalize(statement);
    return steps;
  }
  static bool is_bad(const std::string& step) {
    if (step.contains("TEMP B-TREE")) return true;
    if (!step.starts_with("SCAN ") || step.contains(" USING ") || step.contains("CONSTANT ROW")) return false;
    return !small_tables.contains(step.substr(5));
  }

  sqlite_api::sqlite3* connection_;
  std::set<std::string> statements_;
};

/// Listens to auto_explain. Tables of a few rows are read as a whole whatever there is, so that is made expensive: what
/// is still read or sorted so has no index.
class PostgresqlPlans final : public Plans {
 public:
  explicit PostgresqlPlans(soci::session& session)
      : connection_{static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_} {
    for (const auto* statement :
         {"LOAD 'auto_explain'", "SET auto_explain.log_min_duration = 0", "SET auto_explain.log_format = json",
          "SET auto_explain.log_level = notice", "SET client_min_messages = notice", "SET enable_seqscan = off",
          "SET enable_sort = off", "SET enable_incremental_sort = off", "SET enable_bitmapscan = off"}) {
      session << statement;
    }
    listen(&heard);
  }
  ~PostgresqlPlans() override { listen(nullptr); }
  void begin() override { plans_.clear(); }
  std::vector<std::string> bad() override {
    REQUIRE_FALSE(plans_.empty());
    std::vector<std::string> found;
    for (const auto& plan : plans_) {
      const auto text = plan["Query Text"].get<std::string>();
      look_into(plan["Plan"], false, text, found);
    }
    return found;
  }

 private:
  /// The program links no libpq: it loads it.
  void listen(PQnoticeProcessor listener) {
    void* const library = ::dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    auto* const set = reinterpret_cast<decltype(&PQsetNoticeProcessor)>(::dlsym(library, "PQsetNoticeProcessor"));
    REQUIRE(static_cast<bool>(set));
    set(connection_, listener, this);
  }
  static void heard(void* self, const char* message) {
    const std::string_view text = message;
    const auto brace = text.find('{');
    if (!text.contains("plan:") || brace == std::string_view::npos) return;
    const auto end = text.rfind('}');
    static_cast<PostgresqlPlans*>(self)->plans_.push_back(nlohmann::json::parse(text.substr(brace, end + 1 - brace)));
  }
  /// Of a node that reads one, and of one that sorts it.
  static std::string table_of(const nlohmann::json& node) {
    if (node.contains("Relation Name") || !node.contains("Plans")) return node.value("Relation Name", std::string{});
    return node["Plans"].size() == 1 ? table_of(node["Plans"].front()) : std::string{};
  }
  /// `is_limited`: what is above takes as many rows as it needs, in the order in which they come.
  static void look_into(const nlohmann::json& node, bool is_limited, const std::string& query,
                        std::vector<std::string>& found) {
    const auto type = node["Node Type"].get<std::string>();
    const auto table = table_of(node);
    const bool reads_all =
        type == "Seq Scan" || (type.starts_with("Index") && !node.contains("Index Cond") &&
                               (!is_limited || (node.contains("Filter") && !filtered_lists.contains(table))));
    if ((reads_all || type.ends_with("Sort")) && !small_tables.contains(table)) {
      found.push_back(type + " " + table + " in " + query);
    }
    for (const auto& child : node.value("Plans", nlohmann::json::array())) {
      look_into(child, is_limited || type == "Limit", query, found);
    }
  }

  PGconn* connection_;
  std::vector<nlohmann::json> plans_;
};

}  // namespace runagents::server
