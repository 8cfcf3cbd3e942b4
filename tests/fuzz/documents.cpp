// What `apply` reads: a document that was understood is written as YAML that says the same.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "cli/apply/manifest.hpp"
#include "cli/output/yaml.hpp"
#include "core/glyph.hpp"

namespace {

using namespace runagents::cli;

void hold_to(const Manifest& wanted, const std::string& text) {
  const auto again = read_manifests(text, "again.yaml", {});
  // Keys of YAML have 1024 characters at most, and the like: what is refused is not misread.
  if (!again) return;
  if (again->size() == 1) {
    const auto& found = again->front();
    const bool is_same = found.kind == wanted.kind && found.name == wanted.name && found.spec == wanted.spec;
    if (is_same && found.labels == wanted.labels) return;
  }
  std::fprintf(stderr, "%s\nis read as something else than\n%s\n", text.c_str(), to_document(wanted).dump().c_str());
  std::abort();
}

/// Those have no place in a text, and the library writes U+FFFD for them.
bool has_noncharacter(std::string_view text) {
  while (!text.empty()) {
    const auto [code, size] = runagents::first_glyph(text);
    if ((code & 0xfffeU) == 0xfffe || (code >= 0xfdd0 && code <= 0xfdef)) return true;
    text.remove_prefix(size);
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  for (const auto& defaults : {ManifestDefaults{}, ManifestDefaults{.kind = "Policy", .name = "p"}}) {
    const auto manifests = read_manifests(text, "input", defaults);
    if (!manifests) continue;
    for (const auto& manifest : *manifests) {
      const auto document = to_document(manifest);
      if (has_noncharacter(document.dump())) continue;
      hold_to(manifest, output::to_yaml(document, output::Characters::unicode));
      hold_to(manifest, output::to_yaml(document, output::Characters::ascii));
      hold_to(manifest, document.dump());
    }
  }
  return 0;
}
