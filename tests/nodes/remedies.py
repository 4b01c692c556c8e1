#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The remedies of `relaytrace check`, carried out as an operator would: all findings of a node, each command in the
order in which it is printed, on the node's files.  Then nothing is found any more, no command has failed, and the
unit gets what it was to get: the relay with the value that stood in the file, and a NO_ list that keeps the cluster
from it.  Pasted a second time, the commands change nothing of that.

usage: remedies.py UNIT_PREDICT [CASE...]      (REMEDIES_VERBOSE=1 shows the commands)
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from remedy_cases import CASES, LINK  # noqa: E402

TRACER = os.environ.get("BUILD", "build") + "/relaytrace-asan"
VERBOSE = os.environ.get("REMEDIES_VERBOSE")
NEEDED = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", ".svc", ".cluster.local"]
OUTSIDE = r"(?<![\w\\/*.])/(etc|usr|opt|var)/"


def write(root, files):
    for path, text in files.items():
        path = root / path
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, str) and text.startswith(LINK):
            path.symlink_to(text[len(LINK):])
        else:
            path.write_bytes(text.encode() if isinstance(text, str) else text)


def check(root):
    run = subprocess.run([TRACER, "check", "--root", str(root), "-o", "json"], capture_output=True, text=True)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    findings = [line for line in lines if line["event"]["action"] == "finding"]
    if run.returncode not in (0, 1):
        findings.append({"rule": {"id": f"status {run.returncode}: {run.stderr}"}, "relaytrace": {"remedy": []}})
    return findings, run.stdout + run.stderr


def paste(root, commands):
    """Each command as a line of a root shell; what went wrong."""
    wrong = []
    for command in commands:
        if command.startswith("systemctl daemon-reload"):
            continue
        if command.startswith(("#", "systemctl restart")):
            continue
        command = re.sub(OUTSIDE, rf"{root}/\1/", command)
        run = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
        if run.returncode or run.stderr or run.stdout:
            wrong.append(f"{command}: status {run.returncode} {run.stderr}{run.stdout}".replace(str(root), ""))
    # What a command writes into a unit file is a path of the node.
    for path in root.glob("etc/systemd/system/*.d/*.conf"):
        path.write_bytes(path.read_bytes().replace(str(root).encode(), b""))
    return wrong


def reload_is_right(commands):
    """A unit file that was changed has to be read again, before the restart and behind every change."""
    changes = [i for i, c in enumerate(commands) if re.search(r"/\S+\.(conf|service)\)?( |$)", c) and not c.startswith("#")]
    reloads = [i for i, c in enumerate(commands) if c == "systemctl daemon-reload"]
    restarts = [i for i, c in enumerate(commands) if c.startswith("systemctl restart")]
    if not restarts:
        return "no restart"
    if changes and (not reloads or reloads[-1] < changes[-1] or restarts[-1] < reloads[-1]):
        return "no daemon-reload behind a change of a unit file"
    return ""


def environment(predict, root, unit):
    run = subprocess.run([predict, str(root), unit], capture_output=True, text=True, errors="replace", check=False)
    found = dict(line.split("=", 1) for line in run.stdout.splitlines() if "=" in line and not line.startswith("== "))
    return {name: re.sub(r"\\x(..)", lambda m: chr(int(m[1], 16)), value) for name, value in found.items()}


def lacks(environment_, wanted, prefix=""):
    """What the unit does not get of what it was to get."""
    wrong = [f"{name}={environment_.get(name)}, not {value}" for name, value in wanted.items() if environment_.get(name) != value]
    entries = [entry.strip() for entry in environment_.get(prefix + "NO_PROXY", environment_.get("no_proxy", "")).split(",")]
    wrong += [f"no {entry} in NO_PROXY={entries}" for entry in NEEDED if entry not in entries]
    wrong += [f"{entry} in NO_PROXY" for entry in entries if entry == "*" or entry.endswith("docker.io")]
    return wrong


def spoils(predict, root, case, commands):
    """Where it is said what to write, the commands that are printed beside it leave the relays as they are."""
    before = environment(predict, root, case["unit"])
    wrong = paste(root, commands)
    after = environment(predict, root, case["unit"])
    wrong += [f"{name}={value} became {after.get(name)}" for name, value in before.items()
              if "NO_" not in name.upper() and after.get(name) != value]
    return wrong + [f"{name} is new" for name in after if name not in before and name != case["new"] and "NO_" not in name.upper()]


def run_case(predict, name, work):
    case = CASES[name]
    root = pathlib.Path(work) / "node"
    shutil.rmtree(root, ignore_errors=True)
    write(root, case["files"])
    findings, output = check(root)
    ids = [f["rule"]["id"] for f in findings]
    commands = [c for f in findings for c in f["relaytrace"]["remedy"]]
    if VERBOSE:
        print(f"--- {name}: {ids}")
        print("".join(f"    {c}\n" for c in commands), end="")
    wrong = [] if ids == case["finds"] else [f"finds {ids}, not {case['finds']}"]
    wrong += ["a secret is shown"] if "secret" in output else []
    wrong += ["*** is to be pasted"] if any("***" in c for c in commands) else []
    for finding in findings:
        complaint = reload_is_right(finding["relaytrace"]["remedy"])
        wrong += [complaint] if complaint else []
    if case["says"] and not any(case["says"] in c for c in commands):
        wrong.append(f"does not say {case['says']!r}: {commands}")
    if case["says"] and not case["pasted"]:
        return wrong + spoils(predict, root, case, commands)
    for time in ["once", "twice"]:
        failed = paste(root, commands)
        wrong += failed if time == "once" else []
        left = [(f["rule"]["id"], f["message"]) for f in check(root)[0]]
        wrong += [f"pasted {time}: still {left}"] if left else []
        got = lacks(environment(predict, root, case["unit"]), case["wanted"], case["prefix"])
        wrong += [f"pasted {time}: {complaint}" for complaint in got]
        if wrong:
            break
    wrong += [f"{path} is no link any more" for path, text in case["files"].items()
              if isinstance(text, str) and text.startswith(LINK) and not (root / path).is_symlink()]
    if wrong:
        shown = [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file() and "secret" not in str(p) and "lib/systemd" not in str(p)]
        wrong.append("files: " + "; ".join(f"{p}: {(root / p).read_bytes()[:600]!r}" for p in shown))
        wrong.append(f"commands: {commands}")
    return wrong


def main():
    predict, names = sys.argv[1], sys.argv[2:] or list(CASES)
    bad = 0
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            wrong = run_case(predict, name, work)
            bad += bool(wrong)
            if wrong:
                print(f"not ok remedies/{name}: " + "\n    ".join(wrong))
    if not bad:
        print(f"ok remedies: {len(names)} nodes, all that is printed is pasted, twice, and nothing is left")
    return 1 if bad else 0


sys.exit(main())
