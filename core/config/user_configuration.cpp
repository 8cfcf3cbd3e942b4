#include "core/config/user_configuration.hpp"

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include "core/config/directories.hpp"
#include "core/config/file_content.hpp"
#include "core/config/private_file.hpp"
#include "core/config/references.hpp"
#include "core/config/sections.hpp"

namespace runagents::config {
namespace {

constexpr std::size_t max_file_bytes = std::size_t{1} << 20U;

using Context = ControlPlaneContext;

void read_session(const Value& value, Context& context) {
  read_secret(value, context.session);
  if (context.session && context.session->kind != model::SecretReference::Kind::store) {
    value.report("must be in the encrypted store: sessions are renewed there", "write store:NAME");
  }
}

constexpr std::array context_keys = {
    Key<Context>{"endpoint", Shape::text, [](const Value& v, Context& c) { c.endpoint = v.text(); }, true},
    Key<Context>{"credential", Shape::text, [](const Value& v, Context& c) { read_secret(v, c.credential); }},
    Key<Context>{"session", Shape::text, read_session},
    Key<Context>{"ca_file", Shape::text, [](const Value& v, Context& c) { c.ca_file = read_file_path(v); }},
};

void read_context(const Value& table, Context& context) {
  if (context.name == local_context) table.report_at_key("is the store of this machine and cannot be another one");
  read_table(table, context_keys, context);
}

constexpr std::array keys = {
    Key<UserConfiguration>{"current_context", Shape::text,
                           [](const Value& v, UserConfiguration& c) { c.current_context = v.text(); }},
    Key<UserConfiguration>{
        "contexts", Shape::named_tables,
        [](const Value& v, UserConfiguration& c) { read_named_tables(v, c.contexts, read_context); }},
};

void check_current(const Value& root, const UserConfiguration& configuration) {
  if (configuration.current_context == local_context || configuration.find(configuration.current_context)) return;
  if (const auto value = root.member("current_context")) {
    check_reference(*value, "context", names_of(configuration.contexts));
  }
}

std::string basic_string(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out{"\""};
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      ((out += "\\u00") += digits[byte >> 4U]) += digits[byte & 0xfU];
    } else {
      out += c;
    }
  }
  return out += '"';
}

void add_line(std::string& text, std::string_view key, std::string_view value) {
  if (!value.empty()) text.append(key).append(" = ").append(basic_string(value)).append("\n");
}

}  // namespace

const ControlPlaneContext* UserConfiguration::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(contexts, name, &Context::name);
  return found == contexts.end() ? nullptr : &*found;
}

ControlPlaneContext* UserConfiguration::find(std::string_view name) noexcept {
  return const_cast<Context*>(std::as_const(*this).find(name));
}

std::filesystem::path user_configuration_file(const std::filesystem::path& configuration_directory) {
  return configuration_directory / "config.toml";
}

Result<UserConfiguration> read_user_configuration(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error)) return UserConfiguration{};
  const auto opened = OpenFile::open(file);
  if (!opened) return std::unexpected(opened.error());
  const auto text = opened->read(max_file_bytes);
  if (!text) return std::unexpected(text.error());
  Reading reading{file};
  UserConfiguration configuration;
  const auto document = parse_document(*text);
  if (document) {
    const Value root{reading, *document, {}, {1, 1}};
    read_table(root, keys, configuration);
    check_current(root, configuration);
  } else {
    reading.report(document.error().position, {}, document.error().message);
  }
  const auto findings = std::move(reading).findings();
  if (!findings.empty()) return std::unexpected(to_error(findings));
  return configuration;
}

Result<void> write_user_configuration(const std::filesystem::path& file, const UserConfiguration& configuration) {
  if (auto made = make_private_directory(file.parent_path()); !made) return made;
  std::string text{"# Written by runagents context, config set, login and logout.\n"};
  add_line(text, "current_context", configuration.current_context);
  for (const auto& context : configuration.contexts) {
    text += "\n[contexts." + basic_string(context.name) + "]\n";
    add_line(text, "endpoint", context.endpoint);
    if (context.credential) add_line(text, "credential", context.credential->to_string());
    if (context.session) add_line(text, "session", context.session->to_string());
    add_line(text, "ca_file", context.ca_file);
  }
  return replace_private_file(file, text);
}

}  // namespace runagents::config
