#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Nodes made by chance, each healthy, and each again with one thing broken: `relaytrace check` finds nothing in the
first and exactly one thing in the second, the right one; and nothing more once its remedy was carried out.

CHECK_NODES says how many (default 25); a failure names its seed: CHECK_SEED=N CHECK_NODES=1.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "nodes"))
sys.dont_write_bytecode = True
from node import Node  # noqa: E402

TRACER = os.environ.get("BUILD", "build") + "/relaytrace-asan"
def check(root):
    run = subprocess.run([TRACER, "check", "--root", str(root), "-o", "json"], capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    found = sorted(line["rule"]["id"] for line in lines if line["event"]["action"] == "finding")
    remedy = [line for finding in lines if finding["event"]["action"] == "finding" for line in finding["relaytrace"]["remedy"]]
    return (run.returncode, found, run.stderr), remedy


def mend(root, remedy):
    """Carries the commands out on the node's files; those of systemctl and the remarks have nothing to do here."""
    for command in remedy:
        if not command.startswith(("#", "systemctl")):
            command = re.sub(r"(?<![\w\\/*.])/(etc|usr|opt|var)/", rf"{root}/\1/", command)
            subprocess.run(["bash", "-ec", command], check=False, stderr=subprocess.DEVNULL)
    # What a command writes into a unit file is a path of the node.
    for path in root.glob("etc/systemd/system/*.d/*.conf"):
        path.write_text(path.read_text().replace(str(root), ""))


def main():
    count = int(os.environ.get("CHECK_NODES", 25))
    first = int(os.environ.get("CHECK_SEED", 1))
    wrong = 0
    with tempfile.TemporaryDirectory() as work:
        for seed in range(first, first + count):
            for kind in ["healthy", "broken"]:
                node = Node(seed)
                want = node.broken() if kind == "broken" else node.healthy()
                wanted = (1, [want], "") if want else (0, [], "")
                root = pathlib.Path(work) / "node"
                shutil.rmtree(root, ignore_errors=True)
                node.write(root)
                got, remedy = check(root)
                commands = [line for line in remedy if not line.startswith(("#", "systemctl", "grep"))]
                if got == wanted and want and commands:
                    mend(root, remedy)
                    kind, wanted, got = f"mended ({want})", (0, [], ""), check(root)[0]
                    # What was added to a list stands beside an entry that nothing matches, which is a remark.
                    if got == (0, ["entry-unread"], "") and want == "cluster-via-relay":
                        continue
                if got != wanted:
                    wrong += 1
                    print(f"not ok check: {kind} node {seed}: {got}, not {wanted}; {node.place}: {node.lines}; {remedy}")
    if not wrong:
        print(f"ok check: {count} healthy nodes, {count} with one thing broken, and those mended")
    return 1 if wrong else 0


sys.exit(main())
