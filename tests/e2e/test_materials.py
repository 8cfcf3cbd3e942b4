"""The bill of materials: what is in the programs, as linker, compiler and dpkg say, in the form that others read."""

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import jsonschema
from harness import node
from harness.case import PROGRAM, SOURCE, EndToEnd, main

EPOCH = 1700000000
# Of each library that is linked or compiled in, something of its own that has to be in the program.
SIGNS = {"libnghttp2-dev": r"nghttp2_session_\w+", "libre2-dev": r"_ZN3re2\w+", "libseccomp-dev": r"seccomp_\w+", "libsoci-dev": r"_ZN4soci\w+",
         "libyaml-cpp-dev": r"_ZN4YAML\w+", "libstdc++-12-dev": r"_ZNSs\w+|_ZNSt\w+", "libboost1.81-dev": r"_ZN5boost\w+",
         "libcli11-dev": r"_ZN3CLI\w+", "libfmt-dev": r"_ZN3fmt\w+", "libtomlplusplus-dev": r"_ZN4toml\w+", "nlohmann-json3-dev": r"_ZN8nlohmann\w+"}
SIGNS_OF_PORTABLE = {**SIGNS, "libssl-dev": r"SSL_\w+", "libsqlite3-dev": r"sqlite3_\w+", "libidn2-dev": r"idn2_\w+", "libunistring-dev": r"u32_\w+"}


class Materials(EndToEnd):
    program, signs, flags = "runagents", SIGNS, ()

    def setUp(self):
        super().setUp()
        self.build = Path(PROGRAM).resolve().parent
        if not (self.build / f"{self.program}.archives").exists():
            self.skipTest(f"{self.program} was not linked in a release build")

    def write(self, *more, archives=None):
        """What happens when the bill is written into self.folder/bill."""
        triplet = subprocess.run(["dpkg-architecture", "-qDEB_HOST_MULTIARCH"], capture_output=True, text=True, check=True).stdout.strip()
        return subprocess.run(
            ["/usr/bin/python3", "-B", SOURCE / "cmake/materials/bill_of_materials.py", "--build", self.build, "--version", "1.2.3",
             "--program", self.build / self.program, "--archives", archives or self.build / f"{self.program}.archives",
             "--triplet", triplet, "--output", self.folder / "bill", *self.flags, *more],
            capture_output=True, text=True, timeout=250, env={**os.environ, "SOURCE_DATE_EPOCH": str(EPOCH)})

    def text(self):
        done = self.write()
        self.assertEqual(done.returncode, 0, done.stderr)
        return (self.folder / "bill/runagents.cdx.json").read_text()

    def bill(self):
        """Written once for the tests that only read it."""
        if "kept" not in type(self).__dict__:
            type(self).kept = json.loads(self.text())
            type(self).notices = {file.name for file in (self.folder / "bill/libraries").iterdir()}
        return self.kept

    @staticmethod
    def linkage(component):
        [found] = [one["value"] for one in component["properties"] if one["name"] == "runagents:linkage"]
        return found

    def named(self, bill, *linkages):
        return {one["name"] for one in bill["components"] if self.linkage(one) in linkages}

    def test_it_says_what_is_in_the_program(self):
        bill = self.bill()
        inside = self.named(bill, "static", "headers")
        # The start of every program is glibc's and the compiler's.
        self.assertEqual(inside - {"libc6-dev", "libgcc-12-dev"}, set(self.signs))
        symbols = subprocess.run(["nm", "--defined-only", self.build / self.program], capture_output=True, text=True, check=True).stdout
        self.assertEqual([name for name, sign in self.signs.items() if not re.search(rf" ({sign})$", symbols, re.M)], [])
        self.assertEqual(self.notices, inside)

    def test_packages_are_those_of_this_machine(self):
        for one in self.bill()["components"]:
            if "purl" in one:
                with self.subTest(one["name"]):
                    said = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", one["name"]], capture_output=True, text=True, check=True).stdout
                    self.assertEqual(one["version"], said)
                    self.assertRegex(one["purl"], r"^pkg:deb/debian/[\w.%-]+@[\w.%~-]+\?arch=(amd64|arm64|all)&distro=debian-12(&upstream=[\w.%~-]+)?$")
                    files = [found["value"] for found in one["properties"] if found["name"] == "runagents:file"]
                    for hashed in one.get("hashes", []):
                        self.assertEqual(hashed["content"], hashlib.sha256(Path(files[0]).read_bytes()).hexdigest())

    def test_it_is_a_cyclonedx_document(self):
        if reason := node.install_cyclonedx():
            self.skipTest(reason)
        folder = node.MODULES_CYCLONEDX / "node_modules/@cyclonedx/cyclonedx-library/res/schema"
        names = ("bom-1.5", "spdx", "jsf-0.82")
        schemas = {name: json.loads((folder / f"{name}.SNAPSHOT.schema.json").read_text()) for name in names}
        store = {f"http://cyclonedx.org/schema/{name}.SNAPSHOT.schema.json": schema for name, schema in schemas.items()}
        schema = schemas["bom-1.5"]
        validator = jsonschema.Draft7Validator(schema, resolver=jsonschema.RefResolver.from_schema(schema, store=store),
                                               format_checker=jsonschema.draft7_format_checker)
        bill = self.bill()
        self.assertEqual([error.message for error in validator.iter_errors(bill)], [])
        self.assertTrue(list(validator.iter_errors({**bill, "specVersion": 1.5, "more": True})))
        known = set(schemas["spdx"]["enum"])
        for one in bill["components"]:
            for found in one.get("licenses", []):
                words = re.findall(r"[\w.+-]+", found["expression"] if "expression" in found else found["license"]["id"])
                self.assertEqual(set(words) - known - {"AND", "OR", "WITH"}, set(), one["name"])
        references = {one["bom-ref"] for one in bill["components"]}
        self.assertEqual(set(bill["dependencies"][0]["dependsOn"]), references)
        self.assertEqual(len(references), len(bill["components"]))

    def test_it_is_the_same_each_time(self):
        bill = self.bill()
        text = self.text()
        self.assertEqual(json.dumps(json.loads(text)), json.dumps(bill))
        self.assertEqual(bill["metadata"]["timestamp"], "2023-11-14T22:13:20Z")
        self.assertNotIn(str(self.build), text)

    def test_what_no_package_brought_is_refused(self):
        archives = self.folder / "archives"
        archives.write_text((self.build / f"{self.program}.archives").read_text() + "12\t3\t/opt/vendor/libsurprise.a\n")
        done = self.write(archives=archives)
        self.assertEqual(done.returncode, 1)
        self.assertIn("/opt/vendor/libsurprise.a is in the program, and in no package of Debian", done.stderr)
        # An archive that nothing was taken of is not in the program.
        archives.write_text((self.build / f"{self.program}.archives").read_text() + "12\t0\t/opt/vendor/libsurprise.a\n")
        self.assertEqual(self.write(archives=archives).returncode, 0)


class DebiansMaterials(Materials):
    def test_it_says_what_the_program_needs(self):
        bill = self.bill()
        self.assertEqual(self.named(bill, "shared"), {"libc6", "libidn2-0", "libsqlite3-0", "libssl3"})
        self.assertEqual(self.named(bill, "when used"), {"libcurl4", "libpq5"})
        self.assertEqual({one["name"] for one in bill["components"] if one["scope"] == "optional"}, {"libcurl4", "libpq5"})


class PortableMaterials(Materials):
    program, signs, flags = "runagents_portable", SIGNS_OF_PORTABLE, ("--for-any-distribution",)

    def test_it_says_what_the_program_needs(self):
        bill = self.bill()
        shared = [one for one in bill["components"] if self.linkage(one) == "shared"]
        self.assertLessEqual({"libc.so.6", "libm.so.6"}, {one["name"] for one in shared})
        for one in shared:
            self.assertNotIn("purl", one)
            self.assertIn({"name": "runagents:glibc", "value": "2.36 or later"}, one["properties"])
        self.assertEqual(self.named(bill, "when used"), {"libcurl.so.4", "libpq.so.5"})


del Materials  # the tests of both are in the other two


if __name__ == "__main__":
    main()
