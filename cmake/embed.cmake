# Writes a C++ source with files as string literals: cmake -DOUTPUT=... -DROOT=... -DFILES=a,b -P embed.cmake
# A name is a file's path below ROOT/cli or ROOT/examples.
set(entries "")
string(REPLACE "," ";" files "${FILES}")
foreach(file ${files})
  file(READ ${ROOT}/${file} text)
  string(FIND "${text}" ")runagents\"" clash)
  if(NOT clash EQUAL -1)
    message(FATAL_ERROR "${file} contains the end of its own literal")
  endif()
  string(REGEX REPLACE "^(cli|examples)/" "" name ${file})
  string(APPEND entries "    EmbeddedFile{\"${name}\", R\"runagents(${text})runagents\"},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"cli/embedded_files.hpp\"

#include <algorithm>
#include <array>

namespace runagents::cli {
namespace {

constexpr std::array files = {
${entries}};

}  // namespace

std::span<const EmbeddedFile> embedded_files() noexcept { return files; }

std::string_view embedded_text(std::string_view name) noexcept {
  const auto* found = std::ranges::find(files, name, &EmbeddedFile::name);
  return found == files.end() ? std::string_view{} : found->text;
}

}  // namespace runagents::cli
")
