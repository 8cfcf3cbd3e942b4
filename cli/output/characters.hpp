#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace runagents::cli::output {

/// The characters that whoever reads a text can be shown.
enum class Characters { ascii, unicode };

/// What the locale says (locale(7)): the first of LC_ALL, LC_CTYPE and LANG that is set names an encoding, and whatever
/// is not UTF-8 is taken for ASCII. Where none is set, as in most containers, nobody has said anything: unicode.
[[nodiscard]] Characters characters_of(const std::function<std::optional<std::string>(std::string_view)>& variable);

/// Those of this process's environment, as it is at the first call.
[[nodiscard]] Characters characters() noexcept;

/// What stands for something that was cut off.
[[nodiscard]] std::string_view ellipsis(Characters characters = output::characters()) noexcept;

}  // namespace runagents::cli::output
