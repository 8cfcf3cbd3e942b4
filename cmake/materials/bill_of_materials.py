"""Writes what is in a program as a CycloneDX 1.5 document, and the notices of it all beside.

Nothing of it is listed by hand: archives and headers are those that linker and compiler took, libraries those that the
program asks for, and each is looked up in dpkg. What cannot be explained ends it: no package is made then.
"""

import argparse
import hashlib
import json
import os
import platform
import re
import shutil
import time
import uuid
from pathlib import Path
from urllib.parse import quote

import linked
from debian import package, run
from licences import licence

# In everything that is compiled: what a header of theirs brings is the kernel's interface, and the compiler itself.
NO_LIBRARIES = {"linux", "llvm-toolchain-19"}


def properties(**values):
    return [{"name": f"runagents:{name}", "value": str(value)} for name, value in sorted(values.items())]


def licences(expression):
    return [{"expression": expression}] if " " in expression else [{"license": {"id": expression}}]


def sha256(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def component(one, linkage, files, release):
    """A package of Debian: `linkage` is how it came into the program."""
    version = quote(one.version, safe="~.")
    qualifiers = f"arch={one.architecture}&distro=debian-{release}"
    if (one.source, one.source_version) != (one.name, one.version):
        qualifiers += f"&upstream={quote(one.source, safe='')}%40{quote(one.source_version, safe='~.')}"
    purl = f"pkg:deb/debian/{quote(one.name, safe='.-')}@{version}?{qualifiers}"
    extra = {"hashes": [{"alg": "SHA-256", "content": sha256(files[0])}]} if linkage == "static" and len(files) == 1 else {}
    files = [] if linkage == "headers" else files
    return {"type": "library", "bom-ref": purl, "name": one.name, "version": one.version,
            "scope": "optional" if linkage == "when used" else "required", **extra, "licenses": licences(licence(one)), "purl": purl,
            "properties": [*properties(linkage=linkage, source=one.source),
                           *({"name": "runagents:file", "value": str(path)} for path in files)]}


def of_the_system(name, linkage, **more):
    """A library that every system brings in a version of its own."""
    return {"type": "library", "bom-ref": name, "name": name, "scope": "optional" if linkage == "when used" else "required",
            "properties": properties(linkage=linkage, **more)}


class Materials:
    """The packages that the program is made of (`inside`), and the components of all that it needs."""

    def __init__(self, options):
        static = linked.packages_of(linked.archives(options.archives, options.build))
        names = {"shared": linked.needed(options.program), "when used": linked.loaded_later(options.program)}
        shared = {}
        for linkage, wanted in names.items():
            here = linked.shared_libraries(wanted, options.triplet)
            if linkage == "shared" and set(wanted) - set(here):
                raise SystemExit(f"the program needs {sorted(set(wanted) - set(here))}, which are not on this machine")
            shared[linkage] = linked.packages_of(here.values())
        explained = {one.source for one in [*static, *shared["shared"], *shared["when used"]]} | NO_LIBRARIES
        headers = {one: files for one, files in linked.packages_of(linked.headers(options.build, options.ninja)).items()
                   if one.source not in explained}
        self.inside = sorted({*static, *headers}, key=lambda one: one.name)
        self.components = [component(one, linkage, files, options.release)
                           for linkage, found in (("static", static), ("headers", headers)) for one, files in found.items()]
        for linkage, found in shared.items():
            if options.for_any_distribution:
                oldest = linked.oldest_glibc(options.program)
                self.components += [of_the_system(name, linkage, **({"glibc": f"{oldest} or later"} if linkage == "shared" else {}))
                                    for name in names[linkage]]
            else:
                self.components += [component(one, linkage, files, options.release) for one, files in found.items()]
        self.components.sort(key=lambda one: one["bom-ref"])


def document(options, materials):
    subject = f"pkg:generic/runagents@{options.version}"
    seconds = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    tools = {name: package(name).version for name in ("clang-19", "lld-19", "libc6-dev", "libstdc++-12-dev")}
    body = {
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
            "component": {"type": "application", "bom-ref": subject, "name": "runagents", "version": options.version, "purl": subject,
                          "licenses": licences("Apache-2.0")},
            "properties": properties(**{f"built-with:{name}": version for name, version in tools.items()},
                                     architecture=run("dpkg", "--print-architecture").strip())},
        "components": materials.components,
        "dependencies": [{"ref": subject, "dependsOn": [one["bom-ref"] for one in materials.components]},
                         *({"ref": one["bom-ref"]} for one in materials.components)]}
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))  # another content, another number
    return {"$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json", "bomFormat": "CycloneDX", "specVersion": "1.5",
            "serialNumber": f"urn:uuid:{number}", "version": 1, **body}


def write_notices(folder, packages):
    folder.mkdir(parents=True)
    for one in packages:
        shutil.copyfile(one.copyright_file, folder / one.name)


def write_licences(folder, notices):
    """The texts that the notices point to on Debian, for where there is no Debian."""
    folder.mkdir()
    for notice in notices.iterdir():
        for path in re.findall(r"/usr/share/common-licenses/[\w.-]+\w", notice.read_text()):
            shutil.copyfile(path, folder / Path(path).name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=lambda text: Path(text).resolve(), required=True, help="CMake's build directory")
    parser.add_argument("--program", required=True)
    parser.add_argument("--archives", required=True, help="what lld's --print-archive-stats wrote when it linked the program")
    parser.add_argument("--version", required=True)
    parser.add_argument("--triplet", required=True, help="Debian's name of the architecture, x86_64-linux-gnu")
    parser.add_argument("--ninja", default="ninja")
    parser.add_argument("--for-any-distribution", action="store_true", 
                        help="shared libraries are those of whatever system it runs on, which has no /usr/share/common-licenses")
    parser.add_argument("--output", type=Path, required=True,
                        help="a folder, which is made anew: runagents.cdx.json, notices in libraries/")
    options = parser.parse_args()
    options.release = platform.freedesktop_os_release()["VERSION_ID"]
    materials = Materials(options)
    shutil.rmtree(options.output, ignore_errors=True)
    write_notices(options.output / "libraries", materials.inside)
    if options.for_any_distribution:
        write_licences(options.output / "licenses", options.output / "libraries")
    text = json.dumps(document(options, materials), indent=2, ensure_ascii=False)
    (options.output / "runagents.cdx.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
