# SPDX-License-Identifier: GPL-2.0-only
"""A node made by chance: its unit files, its env file, what RKE2 is configured to do.  Healthy, or with one thing broken."""

import random

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
            "value-misread": [("HTTPS_PROXY", f"http://user:pa{self.random.choice('#/?')}ss@10.77.9.1:3128")],
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
