"""The licences of what can be in the program, as SPDX expressions, by Debian's source package.

A package's copyright file speaks of its tests and tools, too, so a person has to say what is true of the library. The
words beside it must stand in that file: when Debian's says something else one day, no package is made."""

LICENCES = {
    "boost1.81": ("BSL-1.0", ["License: BSL-1.0"]),
    "cli11": ("BSD-3-Clause", ["License: BSD-3-clause"]),
    "curl": ("curl", ["License: curl"]),
    "fmtlib": ("MIT", ["License: Expat with embedded exception"]),
    "gcc-12": ("GPL-3.0-or-later WITH GCC-exception-3.1", ["GCC RUNTIME LIBRARY EXCEPTION"]),
    "glibc": ("LGPL-2.1-or-later", ["version 2.1 of the License, or (at your option) any later version"]),
    "libidn2": ("(LGPL-3.0-or-later OR GPL-2.0-or-later) AND Unicode-DFS-2016", ["License: LGPL-3+ or GPL-2+", "License: Unicode"]),
    "libseccomp": ("LGPL-2.1-only", ["License: LGPL-2.1"]),
    "libunistring": ("LGPL-3.0-or-later OR GPL-2.0-or-later", ["License: LGPL-3+ or GPL-2+"]),
    "nghttp2": ("MIT", ["License: Expat"]),
    "nlohmann-json3": ("MIT", ["License: Expat"]),
    "openssl": ("Apache-2.0", ["License: Apache-2.0"]),
    "postgresql-15": ("PostgreSQL", ["License: PostgreSQL"]),
    "re2": ("BSD-3-Clause", ["License: BSD-3-google"]),
    "soci": ("BSL-1.0", ["License: BSL-1.0"]),
    "sqlite3": ("blessing", ["License: public-domain"]),
    "tomlplusplus": ("MIT", ["License: Expat"]),
    "yaml-cpp": ("MIT", ["License: X11"]),
}


def licence(package):
    """The SPDX expression for a package."""
    expression, words = LICENCES.get(package.source, (None, []))
    if not expression:
        raise SystemExit(f"{package.name} is in the program, and cmake/materials/licences.py does not say under which licence")
    text = " ".join(package.copyright_file.read_text().split())
    for word in words:
        if word not in text:
            raise SystemExit(f"{package.copyright_file} does not say \"{word}\" any more: look at what {package.name} is licensed under")
    return expression
