#include "cli/output/characters.hpp"

#include <doctest/doctest.h>
#include <map>

#include <nlohmann/json.hpp>

#include "cli/output/text.hpp"
#include "cli/output/yaml.hpp"

using namespace runagents::cli::output;

namespace {

Characters with(std::map<std::string, std::string, std::less<>> variables) {
  return characters_of([&variables](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional{found->second};
  });
}

}  // namespace

TEST_CASE("the locale says which characters there are, the strongest variable first") {
  CHECK(with({{"LANG", "en_US.UTF-8"}}) == Characters::unicode);
  CHECK(with({{"LC_CTYPE", "UTF-8"}, {"LANG", "C"}}) == Characters::unicode);
  CHECK(with({{"LC_ALL", "C.utf8"}, {"LANG", "C"}}) == Characters::unicode);
  CHECK(with({{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}}) == Characters::ascii);
  CHECK(with({{"LANG", "de_DE.ISO-8859-1"}}) == Characters::ascii);
  CHECK(with({{"LANG", "de_DE"}}) == Characters::ascii);
}

TEST_CASE("where no locale is set nobody has ruled UTF-8 out") {
  CHECK(with({}) == Characters::unicode);
  CHECK(with({{"LC_ALL", ""}, {"LANG", ""}}) == Characters::unicode);
}

TEST_CASE("where there is ASCII alone, all else is an escape, in texts and in YAML") {
  CHECK(printable("Zoë 🙂", Characters::ascii) == "Zo\\xeb \\u1f642");
  CHECK(shorten("abcdefgh", 6, Characters::ascii) == "abc...");
  CHECK(shorten("abcdefgh", 2, Characters::ascii) == "..");
  const nlohmann::ordered_json value = {{"name", "Zoë"}, {"plain", "x"}};
  CHECK(to_yaml(value, Characters::ascii) == "name: \"Zo\\xeb\"\nplain: x\n");
  CHECK(to_yaml(value, Characters::unicode) == "name: Zoë\nplain: x\n");
}
