#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: systemd_check.py GOT CHECK, both of systemd.sh: does `relaytrace check` say of each unit's relay variables what
systemd gave it, and of a running unit what `systemctl show` says?  Prints a line a test."""

import datetime
import json
import re
import sys

RELAY = re.compile(r"(CONTAINERD_)?(HTTP|HTTPS|NO|ALL)_(PROXY|RELAY)", re.I)
status = 0


def tell(fine, name, why):
    global status
    print(f"ok systemd: {name}" if fine else f"not ok systemd: {name}: {why}")
    status |= not fine


def value(text):
    """What can be compared: a password is not shown, and odd bytes are escaped by each in its own way."""
    return "?" if re.search(r"[@\\*]|[^ -~]", text) else text


def read_got(path):
    units, unit = {}, None
    for line in open(path, errors="replace"):
        line = line.rstrip("\n")
        if line.startswith("== "):
            unit = line.split()[1]
            units[unit] = {} if line.endswith(" starts") else None
        elif units.get(unit) is not None and RELAY.fullmatch(line.split("=")[0]):
            units[unit][line.split("=")[0]] = value(line.split("=", 1)[1])
    return units


def expected_of(unit):
    """None where it cannot be started; else its variables."""
    if unit["state"] != "fine":
        return None
    return {v["variable"]: value(v.get("value", "")) for v in unit["variables"]
            if v["fate"] == "effective" and RELAY.fullmatch(v["variable"])}


def main():
    got = read_got(sys.argv[1])
    parts = open(sys.argv[2]).read().split("== live\n")
    if len(parts) != 2:
        print("skip systemd: check: the static binary is not built")
        return
    said = {}
    for line in parts[0].splitlines():
        line = json.loads(line)
        said[line["service"]["name"]] = expected_of(line["relaytrace"]["unit"])
    wrong = [f"{unit}: systemd gave {got[unit]}, check says {said[unit]}" for unit in said if unit in got and said[unit] != got[unit]]
    count = sum(unit in got for unit in said)
    relays = sum(bool(said[unit]) for unit in said)
    tell(not wrong and count >= 60 and relays >= 3, f"check says of {count} units, {relays} with a relay, what systemd gives them", "; ".join(wrong[:5]) or count)

    lines = parts[1].splitlines()
    for i, name in enumerate(["a unit as it was started", "a unit whose files changed"]):
        part = lines[4 * i:4 * i + 4]
        unit = json.loads(part[0])["relaytrace"]["unit"]
        show = dict(line.split("=", 1) for line in part[1:])
        started = datetime.datetime.fromisoformat(unit["started"][:19] + "+00:00").timestamp()
        tell(unit["need_reload"] == (show["NeedDaemonReload"] == "yes") == bool(i), f"NeedDaemonReload of {name}", part)
        tell(unit["main_pid"] == int(show["MainPID"]), f"MainPID of {name}", part)
        tell(abs(started - int(show["Start"])) <= 1, f"the start of {name}", part)
        tell(unit.get("changed") == ("/etc/default/rke2-agent" if i else None), f"what changed since the start of {name}", part)


main()
sys.exit(status)
