"""Holds what a small call costs against what is recorded: instructions, as callgrind counts them, and heap allocations.

Counts do not depend on how fast or busy a machine is, but on what compiled and what is linked: where that is not what was
recorded, instructions are not compared (exit status 77, which ctest takes for "skipped"). Allocations always are.

    guard.py --program HOT_PATH --compiler VERSION            compares
    guard.py --program HOT_PATH --compiler VERSION --record   writes recorded.json anew
    guard.py --program HOT_PATH --sites                       shows where the allocations are
"""

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

RECORDED = Path(__file__).with_name("recorded.json")
CALLS = 1000
TOLERANCE = 0.03  # libraries of a point release differ by less, and a change that matters by more
SKIPPED = 77
# The same code everywhere, whatever the processor could do: valgrind shows programs the one that it runs on.
SAME_CODE = {"OPENSSL_ia32cap": "~0x1000000000000000:~0x20", "GLIBC_TUNABLES": ("glibc.cpu.hwcaps=-AVX_Fast_Unaligned_Load,"
                                                                                        "-AVX2,-AVX512F,-AVX512VL,-ERMS")}


OURS = r"/(core|runner)/\S+:[1-9]\d*:|runagents::(?!bench)"  # what llvm-symbolizer says of a frame that is no library's

OF_PARAMETERS = r"\(.*?\)$|\([^()]*\)(?= \(\.resume\))"


def output_of(*command, **more):
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def instructions(program):
    """Of one call, in everything that the program executes."""
    with tempfile.TemporaryDirectory() as folder:
        done = output_of("valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/profile", "--collect-atstart=no",
                         "--toggle-collect=runagents_bench_run", "--toggle-collect=runagents_bench_play", program, CALLS,
                         env={**os.environ, **SAME_CODE})
    return int(re.search(r"Collected : (\d+)", done.stderr)[1]) // CALLS


def allocations(program):
    """Of each call; what happens once a second, or seldom, is not counted."""
    return int(re.search(r"^allocations (\d+)", output_of(program, CALLS, "allocations").stdout, re.M)[1]) // CALLS


def sites(program):
    """Innermost function of ours first, and who called it."""
    stacks = Counter()
    for line in output_of(program, CALLS, "allocations").stdout.splitlines():
        if line.startswith("site "):
            _, times, size, *addresses = line.split()
            stacks[int(size), *addresses] += int(times)
    symbolizer = next((found for name in ("llvm-symbolizer-19", "llvm-symbolizer") if (found := shutil.which(name))), None)
    if not symbolizer:
        sys.exit("llvm-symbolizer is not installed (Debian: llvm-19)")
    for (size, *addresses), times in stacks.most_common():
        print(f"\n{times / CALLS:.2f} a call, {size} bytes")
        text = output_of(symbolizer, "--obj", program, "--inlines", "--pretty-print", "--demangle",
                         input="".join(f"{int(address, 16) - 1:#x}\n" for address in addresses if int(address, 16) < 1 << 32)).stdout
        for frame in [line.strip() for line in text.splitlines() if re.search(OURS, line)][:4]:
            name, _, place = frame.removeprefix("(inlined by) ").rpartition(" at ")
            place = re.sub(r"^\S*/(?=(core|runner)/)|:\d+$", "", place)
            print(f"    {place:44} {re.sub(OF_PARAMETERS, '', name)}")


def plural(count, what):
    return f"{count} {what}{'' if count == 1 else 's'}"


def surroundings(compiler):
    crypto = output_of("openssl", "version").stdout.split()[1].rpartition(".")[0]  # without the point release
    return {"compiler": compiler, "machine": platform.machine(), "c_library": " ".join(platform.libc_ver()), "openssl": crypto}


def compare(found, recorded, here):
    """Prints what is wrong, and returns the exit status."""
    again = f"If that is meant, record it: python3 {shlex.join(sys.argv)} --record"
    if found["allocations"] > recorded["allocations"]:
        print(f"A small call allocates {plural(found['allocations'], 'time')}, not {recorded['allocations']} as recorded. "
              f"Where: the same command with --sites.\n{again}")
        return 1
    different = [f"{name} is {here[name]}, recorded with {recorded['with'].get(name)}" for name in here if here[name] != recorded["with"].get(name)]
    if different:
        print("Instructions are not compared: " + "; ".join(different))
        return SKIPPED
    ratio = found["instructions"] / recorded["instructions"]
    print(f"{found['instructions']} instructions a call, {ratio - 1:+.1%} from {recorded['instructions']}; {plural(found['allocations'], 'allocation')}")
    if ratio > 1 + TOLERANCE:
        print(f"A small call costs {ratio - 1:.1%} more than recorded, which is more than {TOLERANCE:.0%}.\n{again}")
        return 1
    if ratio < 1 - TOLERANCE or found["allocations"] < recorded["allocations"]:
        print(f"It costs less than recorded, and nothing keeps it so yet. {again}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=Path)
    parser.add_argument("--compiler", default="")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--sites", action="store_true")
    options = parser.parse_args()
    if options.sites:
        sites(options.program)
        return 0
    if not shutil.which("valgrind"):
        print("Instructions are not counted: valgrind is not installed")
        return SKIPPED
    found = {"instructions": instructions(options.program), "allocations": allocations(options.program)}
    here = surroundings(options.compiler)
    if options.record:
        RECORDED.write_text(json.dumps({**found, "with": here}, indent=2) + "\n")
        print(f"recorded: {found}")
        return 0
    return compare(found, json.loads(RECORDED.read_text()), here)


if __name__ == "__main__":
    sys.exit(main())
