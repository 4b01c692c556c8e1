#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Nodes made by chance, each healthy, and each again with one thing broken: `relaytrace check` finds nothing in the
first and exactly one thing in the second, the right one; and nothing more once its remedy was carried out.

CHECK_NODES says how many (default 25); a failure names its seed: CHECK_SEED=N CHECK_NODES=1.
"""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

TRACER = os.environ.get("BUILD", "build") + "/relaytrace-asan"
PLACES = ["etc/default/{}", "etc/sysconfig/{}", "usr/local/lib/systemd/system/{}.env"]
RELAYS = ["http://10.77.9.1:3128", "http://relay.corp:3128", "relay.corp:8080", "https://relay.corp:443",
          "http://user:p%40ss@10.77.9.1:3128", "http://[fd00::9]:3128"]
LISTS = ["127.0.0.0/8,10.0.0.0/8,.svc,.cluster.local", "localhost, 10.0.0.0/8, .corp, *.internal", ".svc,192.168.0.0/16"]


class Node:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.files = {}
        self.unit = self.random.choice(["rke2-agent", "rke2-server"])
        self.place = self.random.choice(PLACES).format(self.unit)
        self.lines = []
        for role in ["agent", "server"]:
            name = "rke2-" + role
            self.files[f"usr/local/lib/systemd/system/{name}.service"] = (
                "[Unit]\nDescription=x\n[Service]\nType=notify\n" +
                "".join(f"EnvironmentFile=-/{place.format('%N')}\n" for place in PLACES) +
                f"ExecStart=/usr/local/bin/rke2 {role}\n")
            self.files[f"usr/local/lib/systemd/system/{name}.env"] = "HOME=/root\n"
        self.relay = self.random.choice(RELAYS)
        self.list = self.random.choice(LISTS)
        self.preloaded = False

    def set(self, name, value):
        quote = self.random.choice(["", "", '"', "'"])
        self.lines += self.random.choice([[], ["# a comment"], [""], ["EDITOR=vi"], ["; another", "X=\"a b\""]])
        self.lines.append(f"{name}={quote}{value}{quote}")

    def preload(self):
        self.preloaded = True
        if self.random.random() < 0.5:
            self.files["var/lib/rancher/rke2/agent/images/rke2-images.linux-amd64.tar.zst"] = "x"
        else:
            self.files["var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd"] = "x"

    def healthy(self):
        kind = self.random.choice(["relay", "relay", "lower", "containerd", "none", "private", "mirror"])
        self.kind = kind
        if kind == "relay":
            self.set("HTTPS_PROXY", self.relay)
            if self.random.random() < 0.7:
                self.set("HTTP_PROXY", self.relay)
            if self.random.random() < 0.7:
                self.set("NO_PROXY", self.list)
            if self.random.random() < 0.3:
                self.set("CONTAINERD_HTTPS_PROXY", self.relay)
        elif kind == "lower":
            self.set("https_proxy", self.relay)
            self.set("no_proxy", self.list)
        elif kind == "containerd":
            self.set("CONTAINERD_HTTPS_PROXY", self.relay)
            self.set("CONTAINERD_NO_PROXY", self.list)
            self.preload()
        elif kind == "private":
            self.files["etc/rancher/rke2/config.yaml"] = "system-default-registry: registry.corp:5000\n"
        elif kind == "mirror":
            self.files["etc/rancher/rke2/registries.yaml"] = (
                "mirrors:\n  docker.io:\n    endpoint:\n      - https://mirror.corp\n")
        if self.random.random() < 0.2:
            self.preload()

    def broken(self):
        """What has to be found."""
        ways = {
            "containerd-scope": [("CONTAINERD_HTTPS_PROXY", self.relay), ("CONTAINERD_NO_PROXY", self.list)],
            "scheme-uncovered": [("HTTP_PROXY", self.relay)],
            "name-unread": [("Https_Proxy", self.relay)],
            "value-dropped": [("HTTPS_PROXY", "http://user:100%@10.77.9.1:3128")],
            "value-misread": [("HTTPS_PROXY", "http://user:pa#ss@10.77.9.1:3128")],
            "no-relay-match": [("HTTPS_PROXY", self.relay), ("NO_PROXY", self.random.choice(["*", "docker.io", self.list + ",.docker.io"]))],
            "env-file-invalid": [("export HTTPS_PROXY", self.relay)],
            "env-file-unloaded": [("HTTPS_PROXY", self.relay)],
        }
        way = self.random.choice(sorted(ways))
        for name, value in ways[way]:
            self.set(name, value)
        if way == "env-file-unloaded":
            self.files[f"etc/systemd/system/{self.unit}.service.d/10.conf"] = self.random.choice(
                ["[Service]\nEnvironmentFile=\n", "[Service]\nUnsetEnvironment=HTTPS_PROXY\n"])
        return way

    def write(self, root):
        self.files[self.place] = self.files.get(self.place, "") + "\n".join(self.lines) + "\n"
        for path, text in self.files.items():
            path = root / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        wants = root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / f"{self.unit}.service").symlink_to(f"/usr/local/lib/systemd/system/{self.unit}.service")


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
    for path in root.glob("etc/systemd/system/*.d/zz-relay.conf"):
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
                if got == wanted and want:
                    mend(root, remedy)
                    kind, wanted, got = f"mended ({want})", (0, [], ""), check(root)[0]
                if got != wanted:
                    wrong += 1
                    print(f"not ok check: {kind} node {seed}: {got}, not {wanted}; {node.place}: {node.lines}; {remedy}")
    if not wrong:
        print(f"ok check: {count} healthy nodes, {count} with one thing broken, and those mended")
    return 1 if wrong else 0


sys.exit(main())
