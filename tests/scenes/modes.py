#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Is modes.tsv true?  Each mode's scene ends in its rule, its sibling is silent, README names what is not seen."""

import json
import pathlib
import sys

MODES = 46
HERE = pathlib.Path(__file__).parent


def findings(scene):
    """The rules of the scene's findings as (rule, severity: 3 error, 4 warning, 6 info), or None where there is no such scene."""
    if not all((HERE / scene / name).exists() for name in ["story.txt", "expected.txt", "expected.jsonl"]):
        return None
    path = HERE / scene / "expected.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [(line["rule"]["id"], line["event"]["severity"])
            for line in lines if line["event"]["action"] == "finding"]


def unseen_in_readme():
    text = (HERE / "../../README.md").read_text()
    section = text.split("## What it does not see\n", 1)[1].split("\n## ", 1)[0]
    return [line[2:] for line in section.splitlines() if line.startswith("* ")]


def fault(scene, rule, beside, sibling, unseen):
    if scene == "unseen":
        if not any(line.startswith(rule) for line in unseen):
            return f"README does not say that it does not see: {rule}"
    else:
        found = findings(scene)
        if found is None:
            return f"no scene {scene}"
        others = {name for name, _ in found} - {rule} - set(beside.split(","))
        if rule not in {name for name, _ in found} or others:
            return f"{scene} ends in {found}, not in {rule}"
    found = findings(sibling)
    if found is None:
        return f"no scene {sibling}"
    if any(severity < 6 for _, severity in found):
        return f"{sibling} is not silent: {found}"
    return None


def main():
    rows = [line.split("\t") for line in (HERE / "modes.tsv").read_text().splitlines() if not line.startswith("#")]
    unseen, wrong = unseen_in_readme(), 0
    if [row[0] for row in rows] != [str(i + 1) for i in range(MODES)]:
        print(f"not ok modes: not the numbers 1 to {MODES}, each once")
        wrong += 1
    for row in rows:
        why = fault(*row[2:6], unseen) if len(row) == 7 and all(row) else "not seven columns"
        if why:
            print(f"not ok mode/{row[0]}: {why}")
            wrong += 1
    if not wrong:
        print(f"ok modes: {sum(row[2] != 'unseen' for row in rows)} found, {sum(row[2] == 'unseen' for row in rows)} not seen, each with a silent sibling")
    return wrong != 0


sys.exit(main())
