"""What is in a program and what it needs, read from what its compiler, its linker and the program itself say."""

import re
from pathlib import Path

from debian import owners, run

LOADER_DIRECTORIES = ("/lib/{triplet}", "/usr/lib/{triplet}", "/lib64", "/lib", "/usr/lib")


def archives(statistics, build):
    """The archives of libraries that the linker took members of (lld's --print-archive-stats), without our own."""
    found = set()
    for line in Path(statistics).read_text().splitlines()[1:]:
        _, taken, archive = line.split("\t")
        path = (build / archive).resolve()
        if int(taken) and build not in path.parents:
            found.add(path)
    return sorted(found)


def headers(build, ninja):
    """The system's headers that the program's objects were compiled with."""
    found, counts = set(), False
    for line in run(ninja, "-C", build, "-t", "deps").splitlines():
        if not line.startswith(" "):
            counts = line.startswith("CMakeFiles/runagents") and ".dir/" in line
        elif counts and line.strip().startswith("/usr/"):
            found.add(Path(line.strip()))
    if not found:
        raise SystemExit(f"{build} does not say which headers were compiled: build the program first")
    return sorted(found)


def needed(program):
    """The names of the shared libraries that the loader looks for at each start."""
    return sorted(re.findall(r"NEEDED +(\S+)", run("objdump", "-p", program)))


def loaded_later(program):
    """The names of those that the program loads by itself, when it first uses them."""
    names = set(re.findall(rb"\0(lib[a-z0-9_+-]+\.so\.\d+)(?=\0)", Path(program).read_bytes()))
    return sorted({name.decode() for name in names} - set(needed(program)))


def shared_libraries(names, triplet):
    """The file of each on this machine, for those that are here."""
    directories = [Path(one.format(triplet=triplet)) for one in LOADER_DIRECTORIES]
    found = {name: next((one / name for one in directories if (one / name).exists()), None) for name in names}
    return {name: path for name, path in found.items() if path}


def packages_of(paths):
    """Each package with those of its files, in their order."""
    found = {}
    for path, package in sorted(owners(paths).items(), key=lambda item: (item[1].name, str(item[0]))):
        found.setdefault(package, []).append(path)
    return found


def oldest_glibc(program):
    """The version of glibc without which the program does not start, e.g. "2.36"."""
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("objdump", "-T", program))
    return ".".join(map(str, max((int(major), int(minor)) for major, minor in versions)))
