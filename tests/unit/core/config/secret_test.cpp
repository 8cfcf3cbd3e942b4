#include "core/config/secret.hpp"

#include <doctest/doctest.h>
#include <string>
#include <type_traits>
#include <utility>

#include "core/config/command_line.hpp"

namespace runagents::config {
namespace {

using Kind = model::SecretReference::Kind;

TEST_CASE("a reference is its scheme and what stands behind it, and prints as it was written") {
  const std::pair<const char*, Kind> cases[] = {{"env:STRIPE_API_KEY", Kind::env},
                                                {"file:/run/secrets/stripe", Kind::file},
                                                {"file:with space:and colon", Kind::file},
                                                {"store:stripe", Kind::store},
                                                {"exec:op read \"op://vault/stripe key\"", Kind::exec},
                                                {"keyring:stripe/billing@example.com", Kind::keyring}};
  for (const auto& [text, kind] : cases) {
    CAPTURE(text);
    const auto reference = parse_secret_reference(text);
    REQUIRE(reference);
    CHECK(reference->kind == kind);
    CHECK(reference->to_string() == text);
  }
}

TEST_CASE("a literal is refused with the way to store it, and is not repeated") {
  for (const auto* literal : {"sk_live_hunter2", "hunter2:hunter2", "https://hunter2", "HUNTER2", "ENV:hunter2",
                              " env:hunter2", "", ":", "hunter2:"}) {
    CAPTURE(literal);
    const auto reference = parse_secret_reference(literal);
    REQUIRE(!reference);
    CHECK(reference.error().code == ErrorCode::configuration);
    CHECK(reference.error().hint != "");
    CHECK(!reference.error().message.contains("unter2"));
    CHECK(!reference.error().hint.contains("unter2"));
  }
  CHECK(parse_secret_reference("sk_live_hunter2").error().hint.contains("runagents secrets set"));
}

TEST_CASE("a scheme that is nearly one is corrected") {
  CHECK(parse_secret_reference("evn:STRIPE").error().hint == "did you mean \"env\"?");
  CHECK(parse_secret_reference("fiel:stripe").error().hint == "did you mean \"file\"?");
}

TEST_CASE("a reference that names nothing, or that no program could follow, is refused without repeating it") {
  for (const auto* bad : {"env:", "env:1hunter2", "env:hunter2-x", "env:A=hunter2", "file:", "file:hunter2\n",
                          "store:", "store:Hunter2 x", "exec:", "exec:  ", "exec:echo $hunter2", "exec:'hunter2",
                          "keyring:", "keyring:hunter2", "keyring:/hunter2", "keyring:hunter2/"}) {
    CAPTURE(bad);
    const auto reference = parse_secret_reference(bad);
    REQUIRE(!reference);
    CHECK(!reference.error().message.contains("unter2"));
    CHECK(!reference.error().hint.contains("unter2"));
  }
  CHECK(!parse_secret_reference(std::string_view{"file:a\0b", 8}));
  CHECK(!parse_secret_reference(std::string_view{"exec:a\0b", 8}));
}

TEST_CASE("a secret moves, and what it moved from holds nothing") {
  static_assert(!std::is_copy_constructible_v<Secret>);
  static_assert(!std::is_copy_assignable_v<Secret>);
  for (const std::string& value : {std::string{"short"}, std::string(500, 'x')}) {
    Secret first{value};
    CHECK(first.reveal() == value);
    Secret second{std::move(first)};
    CHECK(second.reveal() == value);
    CHECK(first.empty());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move): what this is about
    Secret third{"other"};
    third = std::move(second);
    CHECK(third.reveal() == value);
    CHECK(second.empty());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  }
}

TEST_CASE("moving a short secret leaves no bytes of it in the place it came from") {
  alignas(Secret) std::byte storage[sizeof(Secret)];
  auto* first = new (storage) Secret{"hunter2"};
  const Secret second{std::move(*first)};
  const std::string_view bytes{reinterpret_cast<const char*>(storage), sizeof(storage)};
  CHECK(!bytes.contains("hunter2"));
  CHECK(!bytes.contains("unter"));
  first->~Secret();
}

TEST_CASE("commands are split as a shell splits words") {
  using Words = std::vector<std::string>;
  CHECK(split_command("pass show stripe") == Words{"pass", "show", "stripe"});
  CHECK(split_command("  a \t b  ") == Words{"a", "b"});
  CHECK(split_command("a 'b c' \"d e\"") == Words{"a", "b c", "d e"});
  CHECK(split_command("a b' c'd\" e\"") == Words{"a", "b cd e"});
  CHECK(split_command("a '' \"\"") == Words{"a", "", ""});
  CHECK(split_command("a b\\ c \\' \\\\") == Words{"a", "b c", "'", "\\"});
  CHECK(split_command("a 'b\\n|$x`'") == Words{"a", "b\\n|$x`"});
  CHECK(split_command(R"(a "b\"c\\d\$e\`f\ng")") == Words{"a", R"(b"c\d$e`f\ng)"});
  CHECK(split_command("op read op://vault/item/field?x=1") == Words{"op", "read", "op://vault/item/field?x=1"});
  CHECK(split_command("a \"|;&<>()\"") == Words{"a", "|;&<>()"});
  CHECK(split_command("a \\|") == Words{"a", "|"});
}

TEST_CASE("what only a shell could do is refused") {
  for (const auto* bad :
       {"",        "   ",   "''",  "a | b",    "a; b",      "a & b", "a && b", "a > b",   "a < b", "$(a)",
        "a $HOME", "a `b`", "(a)", "a \"$b\"", "a \"`b`\"", "a 'b",  "a \"b",  "a \"b\\", "a \\",  "a\nb"}) {
    CAPTURE(bad);
    CHECK(!split_command(bad));
  }
}

}  // namespace
}  // namespace runagents::config
