#include "core/store/dialect.hpp"

#include <doctest/doctest.h>

using runagents::store::for_postgresql;

TEST_CASE("columns of PostgreSQL compare bytes and hold 64 bits") {
  CHECK(for_postgresql("CREATE TABLE t (a TEXT PRIMARY KEY, b INTEGER NOT NULL DEFAULT 0, c BIGINT)") ==
        R"(CREATE TABLE t (a TEXT COLLATE "C" PRIMARY KEY, b BIGINT NOT NULL DEFAULT 0, c BIGINT))");
}

TEST_CASE("names that only begin or end like a type stay as they are") {
  CHECK(for_postgresql("TEXTS CONTEXT A_TEXT TEXT_1 text INTEGERS") == "TEXTS CONTEXT A_TEXT TEXT_1 text INTEGERS");
}
