#include "cli/yaml_input.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <sstream>
#include <utility>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "core/glyph.hpp"
#include "core/utf8.hpp"

namespace runagents::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t max_depth = 64;

/// What is wrong, and where.
struct Refused {
  std::string what;
  int line = 0;  ///< from 0
};

Json scalar_of(const std::string& text) {
  constexpr std::array<std::string_view, 5> nulls = {"", "~", "null", "Null", "NULL"};
  if (std::ranges::find(nulls, text) != nulls.end()) return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const auto* begin = text.data() + (text.front() == '+' ? 1 : 0);
  const auto* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (const auto read = std::from_chars(begin, end, whole); read.ec == std::errc{} && read.ptr == end) return whole;
  double number = 0;
  const auto read = std::from_chars(begin, end, number);
  if (read.ec == std::errc{} && read.ptr == end && std::isfinite(number)) return number;
  return text;
}

/// Builds JSON from the parser's events, which say more than its nodes: what is an alias, and what has a tag.
class Builder final : public YAML::EventHandler {
 public:
  std::vector<Json> documents;

  void OnDocumentStart(const YAML::Mark& mark) override {
    // What belongs nowhere (as a "," outside of brackets) the parser takes for an empty document, for ever.
    if (std::exchange(begun_at_, mark.pos) == mark.pos) refuse(mark, "this is no YAML");
    stack_.clear();
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check(mark, anchor, {});
    add(mark, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override { refuse(mark, "aliases are not read"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    // The parser marks what stands in quotes with "!".
    check(mark, anchor, tag == "!" ? "" : tag);
    // "\N" and "\_" the parser turns into bytes of Latin-1.
    if (!is_utf8(value)) refuse(mark, "an escape that is not read");
    if (awaits_key()) return take_key(mark, value);
    add(mark, tag == "!" ? Json(value) : scalar_of(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, Json::array());
  }
  void OnSequenceEnd() override { end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    begin(mark, tag, anchor, Json::object());
  }
  void OnMapEnd() override { end(); }

 private:
  struct Open {
    Json value;
    std::string key;
    bool has_key = false;
    YAML::Mark mark;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string what) {
    throw Refused{std::move(what), mark.line};
  }
  static void check(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& tag) {
    if (anchor != 0) refuse(mark, "anchors are not read");
    if (!tag.empty() && tag != "?") refuse(mark, "tags are not read");
  }
  [[nodiscard]] bool awaits_key() const {
    return !stack_.empty() && stack_.back().value.is_object() && !stack_.back().has_key;
  }
  void take_key(const YAML::Mark& mark, const std::string& key) {
    auto& open = stack_.back();
    if (open.value.contains(key)) refuse(mark, fmt::format("\"{}\" occurs twice", key));
    open.key = key;
    open.has_key = true;
  }
  void add(const YAML::Mark& mark, Json value) {
    if (stack_.empty()) return documents.push_back(std::move(value));
    auto& open = stack_.back();
    if (open.value.is_array()) return open.value.push_back(std::move(value));
    if (!open.has_key) refuse(mark, "a key is no text");
    open.value[open.key] = std::move(value);
    open.has_key = false;
  }
  void begin(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, Json value) {
    check(mark, anchor, tag);
    if (awaits_key()) refuse(mark, "a key is no text");
    if (stack_.size() == max_depth) refuse(mark, "it nests too deep");
    stack_.push_back({.value = std::move(value), .key = {}, .has_key = false, .mark = mark});
  }
  void end() {
    auto done = std::move(stack_.back());
    stack_.pop_back();
    add(done.mark, std::move(done.value));
  }

  std::vector<Open> stack_;
  int begun_at_ = -1;  ///< where the newest document began
};

/// c-printable of YAML 1.2, section 5.1, and what JSON may have besides.
bool is_printable(char32_t code) {
  if (code < 0x20) return code == '\t' || code == '\n' || code == '\r';
  return code != 0x7f && (code == 0x85 || code < 0x80 || code >= 0xa0);
}

/// The parser passes on whatever bytes there are.
void check_characters(std::string_view text) {
  for (int line = 0; !text.empty();) {
    const auto glyph = first_glyph(text);
    if (glyph.size == 0) throw Refused{"this is not UTF-8", line};
    if (!is_printable(glyph.code)) throw Refused{"there is a character that YAML has in quotes only, as \"\\0\"", line};
    if (glyph.code == U'\n') ++line;
    text.remove_prefix(glyph.size);
  }
}

/// The parser takes a quoted text that does not end for one that ends with the last line; that a document ends inside
/// of one it refuses.
std::string ended(std::string text) {
  if (text.ends_with('\n')) text += "...\n";
  return text;
}

}  // namespace

Result<std::vector<Json>> read_yaml(const std::string& text) {
  Builder builder;
  try {
    check_characters(text);
    std::istringstream stream{ended(text)};
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return fail(ErrorCode::usage, fmt::format("line {}: {}", refused.line + 1, refused.what));
  } catch (const YAML::Exception& error) {
    return fail(ErrorCode::usage, fmt::format("line {}: this is no YAML: {}", error.mark.line + 1, error.msg));
  }
  std::erase_if(builder.documents, [](const Json& one) { return one.is_null(); });
  return std::move(builder.documents);
}

}  // namespace runagents::cli
