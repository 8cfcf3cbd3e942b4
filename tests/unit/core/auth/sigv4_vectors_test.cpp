// The signing cases that AWS publishes for its C library and those of botocore, read where they are: see
// vectors.hpp.
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include "core/auth/sigv4.hpp"
#include "core/model/approval.hpp"
#include "vectors.hpp"

using namespace runagents;
using namespace runagents::auth;
using nlohmann::json;

namespace {

std::filesystem::path file() { return runagents::tests::vectors() / "sigv4" / "index.json"; }

/// A request as the cases write it: one line end is LF, a value may go on in the next line, which begins with a blank.
struct Written {
  std::string method;
  std::string path;
  std::string query;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

Written parse(const std::string& text) {
  Written written;
  const auto end = text.find("\n\n");
  written.body = end == text.npos ? "" : text.substr(end + 2);
  std::istringstream lines{text.substr(0, end)};
  std::string line;
  std::getline(lines, line);
  const auto blank = line.find(' ');
  const auto target = line.substr(blank + 1, line.rfind(' ') - blank - 1);
  written.method = line.substr(0, blank);
  written.path = target.substr(0, target.find('?'));
  if (target.contains('?')) written.query = target.substr(target.find('?') + 1);
  while (std::getline(lines, line)) {
    if (line.starts_with(' ')) {
      written.fields.back().second += "\n" + line;
    } else {
      written.fields.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  return written;
}

/// "SignedHeaders=a;b" in `text`, up to one of `ends`.
std::string signed_headers(const std::string& text, const std::string& label, const std::string& ends) {
  const auto begin = text.find(label) + label.size();
  return ";" + text.substr(begin, text.find_first_of(ends, begin) - begin) + ";";
}

bool is_named(const std::string& list, std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
  return list.contains(";" + name + ";");
}

void take_away(std::string& query, const std::string& name) {
  const auto begin = query.find("&" + name + "=");
  if (begin == query.npos) return;
  const auto end = query.find('&', begin + 1);
  query.erase(begin, end == query.npos ? end : end - begin);
}

void check(const json& test, const json& expected, const Written& written, const std::string& names) {
  const auto& context = test["context"];
  SigV4Scope scope{context["timestamp"], context["region"], context["service"]};
  std::erase_if(scope.timestamp, [](char c) { return c == '-' || c == ':'; });
  const auto hash = hex(sha256(written.body));
  SigV4Request request{written.method, written.path,
                       written.query,  {},
                       hash,           context.value("normalize", true) ? SigV4Path::normalized : SigV4Path::verbatim};
  for (const auto& [name, value] : written.fields) {
    if (is_named(names, name)) request.fields.push_back({name, value});
  }
  const auto canonical = canonical_request(request);
  CHECK(canonical.text == expected["canonical_request"].get<std::string>());
  CHECK(string_to_sign(scope, canonical.text) == expected["string_to_sign"].get<std::string>());
  const auto& credentials = context["credentials"];
  const auto key = signing_key(credentials["secret_access_key"].get<std::string>(), scope);
  const auto made = sign(request, credentials["access_key_id"].get<std::string>(), key, scope);
  CHECK(made.signature == expected["signature"].get<std::string>());
  for (const auto& [name, value] : written.fields) {
    // One of botocore's files shows another signature in its request than in its string.
    if (name == "Authorization" && value.contains(made.signature)) {
      CHECK(made.authorization == value.substr(value.find_first_not_of(' ')));
    }
  }
}

}  // namespace

TEST_CASE("published signing cases") {
  if (!std::filesystem::exists(file())) {
    MESSAGE("skipped: there is no " << file().string());
    return;
  }
  std::ifstream stream{file()};
  int headers = 0;
  int queries = 0;
  for (const auto& test : json::parse(stream)) {
    CAPTURE(test["id"].get<std::string>());
    if (const auto& expected = test["header"]; expected.is_object()) {
      const std::string text = expected["signed_request"];
      check(test, expected, parse(text), signed_headers(text, "SignedHeaders=", ","));
      ++headers;
    }
    if (!test.contains("query") || !test["query"].is_object()) continue;
    const auto& expected = test["query"];
    auto written = parse(expected["signed_request"]);
    const std::string canonical = expected["canonical_request"];
    take_away(written.query, "X-Amz-Signature");
    // One case adds its session token after signing.
    if (!canonical.contains("X-Amz-Security-Token")) take_away(written.query, "X-Amz-Security-Token");
    const auto names = canonical.substr(canonical.rfind('\n', canonical.rfind('\n') - 1) + 1);
    check(test, expected, written, ";" + names.substr(0, names.find('\n')) + ";");
    ++queries;
  }
  MESSAGE(headers << " header and " << queries << " query cases");
  CHECK(headers == 72);
  CHECK(queries == 38);
}
