"""What the inputs of the fuzz targets reach: those of tests/corpus/fuzz, and those that `./dev fuzz` has found and kept in build/fuzz/corpus."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
BUILD = SOURCE / "build/coverage"
PROFILES = BUILD / "profiles"


def name_of(target):
    return target.name.removeprefix("fuzz_")


def inputs_of(target):
    folders = (SOURCE / "tests/corpus/fuzz" / name_of(target), SOURCE / "build/fuzz/corpus" / name_of(target))
    return [folder for folder in folders if folder.is_dir()]


def take_inputs(target):
    """Every input once; returns how many there are."""
    profile = PROFILES / f"{name_of(target)}.profraw"
    done = subprocess.run([target, "-runs=0", *inputs_of(target)], env={**os.environ, "LLVM_PROFILE_FILE": str(profile)},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{target.name} failed:\n{done.stderr}")
    return profile, sum(1 for folder in inputs_of(target) for _ in folder.iterdir())


def reached(targets, profiles):
    """By source file: (lines reached, lines, branches reached, branches)."""
    merged = BUILD / "all.profdata"
    subprocess.run(["llvm-profdata-19", "merge", "-sparse", "-o", merged, *profiles], check=True)
    objects = [word for target in targets[1:] for word in ("-object", target)]
    report = subprocess.run(["llvm-cov-19", "export", "-summary-only", f"-instr-profile={merged}", targets[0], *objects],
                            check=True, stdout=subprocess.PIPE)
    for file in json.loads(report.stdout)["data"][0]["files"]:
        path = Path(file["filename"])
        if path.is_relative_to(SOURCE) and path.relative_to(SOURCE).parts[0] in ("core", "runner", "server", "cli"):
            lines, branches = file["summary"]["lines"], file["summary"]["branches"]
            yield path.relative_to(SOURCE), (lines["covered"], lines["count"], branches["covered"], branches["count"])


def share(part, whole):
    return f"{100 * part / whole:5.1f} %" if whole else "      -"


def main():
    PROFILES.mkdir(parents=True, exist_ok=True)
    targets = sorted(path for path in (BUILD / "tests/fuzz").glob("fuzz_*") if os.access(path, os.X_OK) and path.is_file())
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        taken = list(pool.map(take_inputs, targets))
    files = dict(reached(targets, [profile for profile, _ in taken]))
    if "--files" in sys.argv:
        for path, (lines, all_lines, branches, all_branches) in sorted(files.items()):
            print(f"{str(path):50} {share(lines, all_lines)} of {all_lines:5} lines  {share(branches, all_branches)} of {all_branches:5} branches")
        return
    folders = defaultdict(lambda: [0, 0, 0, 0])
    for path, counts in files.items():
        for position, count in enumerate(counts):
            folders[str(path.parent)][position] += count
    print(f"{len(targets)} targets, {sum(count for _, count in taken)} inputs\n")
    for folder, (lines, all_lines, branches, all_branches) in sorted(folders.items()):
        if lines:
            print(f"{folder:24} {share(lines, all_lines)} of {all_lines:6} lines  {share(branches, all_branches)} of {all_branches:6} branches")


if __name__ == "__main__":
    main()
