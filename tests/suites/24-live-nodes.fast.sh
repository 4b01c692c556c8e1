#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Nodes made by chance as a tracer sees them: environments, files and dials, with all that is usual while a node starts.
A healthy one gives no finding; with one thing broken there is exactly one primary finding, the right one.

LIVE_NODES says how many (default 12); a failure names its seed: LIVE_SEED=N LIVE_NODES=1, and LIVE_KEEP=1 prints the story.
"""

import glob
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
BUILD = os.environ.get("BUILD", "build")
sys.path.insert(0, str(TESTS / "nodes"))
sys.dont_write_bytecode = True
from live import Live  # noqa: E402


def build(work):
    """The program that tells the facts of a node's files, of the tracer's own pure code."""
    objects = [path for part in ["base", "relay", "packet", "capture", "model", "node", "diagnose"]
               for path in glob.glob(f"{BUILD}/asan/{part}/*.o")]
    subprocess.run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-g", "-Iuser", "-fsanitize=address,undefined",
                    "-fno-sanitize-recover=undefined", "-o", work / "unit_tell", TESTS / "nodes/unit_tell.c",
                    *objects, "-lyaml"], check=True)
    return work / "unit_tell"


def replay(work, story):
    """The primary findings (rules of errors, each once), what else there was to be told, and what went wrong."""
    (work / "story.txt").write_text(story)
    run = subprocess.run([f"{BUILD}/relaytrace-asan", "replay", work / "story.txt", "-o", "json"], capture_output=True, text=True)
    found = {line["relaytrace"]["finding"]["id"]: (line["rule"]["id"], line["event"]["severity"])
             for line in map(json.loads, run.stdout.splitlines()) if line["event"]["action"] == "finding"}
    return sorted(rule for rule, _ in found.values()), run.returncode, run.stderr


def main():
    count = int(os.environ.get("LIVE_NODES", 12))
    first = int(os.environ.get("LIVE_SEED", 1))
    rules, wrong = set(), 0
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        unit_tell = build(work)
        for seed in range(first, first + count):
            for kind in ["healthy", "broken"]:
                node = Live(seed)
                want = node.live_broken() if kind == "broken" else node.live_healthy()
                shutil.rmtree(work / "node", ignore_errors=True)
                story = node.story(work / "node", unit_tell)
                got, wanted = replay(work, story), ([want], 1, "") if want else ([], 0, "")
                rules |= {want} - {None}
                if got != wanted:
                    wrong += 1
                    print(f"not ok live-nodes: {kind} node {seed}: {got}, not {wanted}")
                    if os.environ.get("LIVE_KEEP"):
                        print(story)
    if not wrong:
        print(f"ok live-nodes: {count} healthy, {count} with one thing broken in {len(rules)} ways; seeds from {first}")
    return wrong != 0


sys.exit(main())
