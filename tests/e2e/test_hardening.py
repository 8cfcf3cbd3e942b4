"""What the compiler and the linker did to make holes in the programs harder to use, read from the programs themselves."""

import json
import os
import platform
import re
import subprocess
import unittest
from pathlib import Path

from harness.case import PROGRAM, SOURCE, main

X86 = platform.machine() == "x86_64"
PAGE = 4096
ENDBR64 = b"\xf3\x0f\x1e\xfa"
CANARY = re.compile(rb"\x64[\x48\x4c]\x8b[\x04\x0c\x14\x1c\x24\x2c\x34\x3c]\x25\x28\0\0\0")  # mov %fs:0x28, a register
PROBE = re.compile(rb"\x48\x81\xec\0\x10\0\0\x48\xc7\x04\x24\0\0\0\0")  # sub $4096, %rsp; movq $0, (%rsp)
GLIBC = {"libc.so.6", "libm.so.6", "libresolv.so.2"}
LOADER = re.compile(r"ld-linux-[\w-]+\.so\.\d")


class Binary:
    """A program as binutils see it."""

    def __init__(self, path):
        self.path, self.bytes = path, path.read_bytes()
        self.dynamic = self.ask("readelf", "--wide", "--dynamic")
        self.segments = [self.segment(*found) for found in re.findall(
            r"^ +([A-Z_]+) +0x(\w+) 0x(\w+) 0x\w+ 0x(\w+) 0x(\w+) ([RWE ]{3}) ", self.ask("readelf", "--wide", "--segments"), re.M)]

    def ask(self, *command):
        return subprocess.run([*command, self.path], check=True, capture_output=True, text=True, timeout=120).stdout

    @staticmethod
    def segment(kind, offset, address, size, memory, flags):
        return {"kind": kind, "offset": int(offset, 16), "address": int(address, 16), "size": int(size, 16), "flags": flags.replace(" ", "")}

    def of_kind(self, kind):
        return [one for one in self.segments if one["kind"] == kind]

    def needed(self):
        return {name for name in re.findall(r"\(NEEDED\).*\[(.+)\]", self.dynamic) if not LOADER.fullmatch(name)}

    def imports(self):
        return set(re.findall(r" U (\w+)", self.ask("nm", "--dynamic")))

    def own_functions(self):
        """The code of each function of ours that other files can call, by its name."""
        [text] = [one for one in self.of_kind("LOAD") if "E" in one["flags"]]
        for address, size, name in re.findall(r"^(\w+) (\w+) [TW] (_ZNK?9runagents\w+)$", self.ask("nm", "--print-size", "--defined-only"), re.M):
            start = int(address, 16) - text["address"] + text["offset"]
            yield name, self.bytes[start:start + int(size, 16)]


class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if os.environ.get("RUNAGENTS_SANITIZED"):
            raise unittest.SkipTest("sanitizers do without")
        cls.build = Path(PROGRAM).resolve().parent
        cls.programs = [Binary(path) for path in (cls.build / name for name in ("runagents", "runagents_portable")) if path.exists()]

    def test_they_are_loaded_at_any_address(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertRegex(binary.ask("readelf", "--file-header"), r"Type: +DYN")
                self.assertRegex(binary.dynamic, r"FLAGS_1\).*\bPIE\b")

    def test_what_the_loader_fills_in_is_read_only_afterwards(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertEqual(len(binary.of_kind("GNU_RELRO")), 1)
                self.assertRegex(binary.dynamic, r"\(FLAGS\).*\bBIND_NOW\b")
                self.assertRegex(binary.dynamic, r"FLAGS_1\).*\bNOW\b")

    def test_nothing_is_writable_and_executable(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertEqual([one["flags"] for one in binary.of_kind("GNU_STACK")], ["RW"])
                self.assertEqual([one for one in binary.segments if {"W", "E"} <= set(one["flags"])], [])
                self.assertNotIn("TEXTREL", binary.dynamic)

    def test_code_shares_no_page_with_data(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                pages = [({*range(one["offset"] // PAGE, -(-(one["offset"] + one["size"]) // PAGE))}, "E" in one["flags"])
                         for one in binary.of_kind("LOAD")]
                code = set().union(*(found for found, executable in pages if executable))
                data = set().union(*(found for found, executable in pages if not executable))
                self.assertTrue(code and data)
                self.assertEqual(code & data, set())

    def test_they_look_for_these_libraries_where_the_system_says(self):
        shared = {"runagents": GLIBC | {"libcrypto.so.3", "libssl.so.3", "libidn2.so.0", "libsqlite3.so.0"}, "runagents_portable": GLIBC}
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertEqual(binary.needed(), shared[binary.path.name])
                self.assertNotRegex(binary.dynamic, r"RPATH|RUNPATH")

    def test_they_start_with_the_glibc_that_the_readme_says(self):
        [promised] = re.findall(r"glibc (\d+)\.(\d+)\s+or\s+later", (SOURCE / "README.md").read_text())
        for binary in self.programs:
            with self.subTest(binary.path.name):
                found = {tuple(map(int, version)) for version in re.findall(r"\bGLIBC_(\d+)\.(\d+)", binary.ask("objdump", "--dynamic-syms"))}
                self.assertLessEqual(max(found), tuple(map(int, promised)))

    @unittest.skipUnless(X86, "of another processor")
    def test_return_addresses_and_indirect_calls_are_checked_where_the_processor_can(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertRegex(binary.ask("readelf", "--wide", "--notes"), r"x86 feature:.*\bSHSTK\b")
                functions = dict(binary.own_functions())
                self.assertGreater(len(functions), 1000)
                self.assertEqual([name for name, code in functions.items() if not code.startswith(ENDBR64)], [])

    @unittest.skipUnless(X86, "of another processor")
    def test_stacks_are_guarded(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                self.assertIn("__stack_chk_fail", binary.imports())
                functions = [code for _, code in binary.own_functions()]
                self.assertGreater(sum(bool(CANARY.search(code)) for code in functions), 100)
                self.assertGreater(sum(bool(PROBE.search(code)) for code in functions), 0)

    def test_copies_and_containers_are_checked(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                # Of Debian's glibc, clang takes the checked forms of mem* and str*, not those of system calls.
                self.assertIn("__memcpy_chk", binary.imports())
                self.assertRegex(binary.ask("nm"), r"_ZSt21__glibcxx_assert_fail")

    def test_every_file_was_compiled_so(self):
        flags = ["-fstack-protector-strong", "-fstack-clash-protection", "-ftrivial-auto-var-init=zero", "-D_FORTIFY_SOURCE=3", "-D_GLIBCXX_ASSERTIONS"]
        flags += ["-fcf-protection=full"] if X86 else ["-mbranch-protection=standard"]
        files = {one["file"]: one["command"].split() for one in json.loads((self.build / "compile_commands.json").read_text())}
        ours = {file: words for file, words in files.items() if Path(file).is_relative_to(SOURCE) and
                Path(file).relative_to(SOURCE).parts[0] in ("cli", "core", "runner", "server")}
        self.assertGreater(len(ours), 300)
        self.assertEqual([(file, flag) for file, words in ours.items() for flag in flags if flag not in words], [])

    def test_they_do_not_say_where_they_were_built(self):
        for binary in self.programs:
            with self.subTest(binary.path.name):
                for folder in {str(SOURCE.resolve()), str(self.build), str(Path.home()) + "/"} - {"/"}:
                    self.assertNotIn(folder.encode(), binary.bytes)


if __name__ == "__main__":
    main()
