# SPDX-License-Identifier: GPL-2.0-only
"""A node made by chance: its unit files, its env file, what RKE2 is configured to do.  Healthy, or with one thing broken."""

import random

FILES = ["etc/default/{}", "etc/sysconfig/{}", "usr/local/lib/systemd/system/{}.env"]
UNIT_FILE = "usr/local/lib/systemd/system/{}.service"
# Where a value may stand: lines of env files, Environment= of a drop-in and of the unit file.
PLACES = FILES + ["etc/systemd/system/{}.service.d/relay.conf", UNIT_FILE]
RELAYS = ["http://10.77.9.1:3128", "http://relay.corp:3128", "relay.corp:8080", "https://relay.corp:443",
          "http://user:p%40ss@10.77.9.1:3128", "http://[fd00::9]:3128"]
LISTS = ["127.0.0.0/8,10.0.0.0/8,.svc,.cluster.local", "localhost, 10.0.0.0/8, .corp, *.internal", ".svc,192.168.0.0/16,10.42.0.0/15"]
# Lists that send what is the cluster's to the relay.
NARROW = [".svc,.cluster.local", "127.0.0.0/8,.corp", "10.42.0.0/16,192.168.0.0/16,.svc", "localhost 10.0.0.0/8 .svc", "10.43.*,.svc"]


class Node:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.files = {}
        self.unit = self.random.choice(["rke2-agent", "rke2-server"])
        self.place = self.random.choice(PLACES).format(self.unit)
        self.in_unit = self.place.endswith((".conf", ".service"))
        self.section, self.percent = "[Service]\n", "%%"  # of a unit file
        self.lines = []
        for role in ["agent", "server"]:
            name = "rke2-" + role
            self.files[f"usr/local/lib/systemd/system/{name}.service"] = (
                "[Unit]\nDescription=x\n[Service]\nType=notify\n" +
                "".join(f"EnvironmentFile=-/{place.format('%N')}\n" for place in FILES) +
                f"ExecStart=/usr/local/bin/rke2 {role}\n")
            self.files[f"usr/local/lib/systemd/system/{name}.env"] = "HOME=/root\n"
        self.relay = self.random.choice(RELAYS)
        self.list = self.random.choice(LISTS)
        self.preloaded = False
        self.resets_only = False

    def set(self, name, value):
        quote = self.random.choice(["", "", '"', "'"])
        self.lines += self.random.choice([[], ["# a comment"], [""], ["EDITOR=vi"], ["; another", "X=\"a b\""]])
        self.lines.append(f"{name}={quote}{value}{quote}")

    # ---- its lines, as those of an env file ----

    def at(self, name):
        """The index of the line that sets name, or None."""
        return next((i for i, line in enumerate(self.lines) if line.startswith(name + "=")), None)

    def drop(self, *names):
        for name in names:
            if self.at(name) is not None:
                del self.lines[self.at(name)]

    def put(self, name, value):
        """Sets name to value in the line that it has, or in a new one."""
        index = self.at(name)
        self.set(name, value)
        if index is not None:
            self.lines[index] = self.lines.pop()

    def value(self, name):
        index = self.at(name)
        return None if index is None else self.lines[index].partition("=")[2].strip("\"'")

    # ---- healthy ----

    def preload(self, tarball=False):
        self.preloaded = True
        if tarball or self.random.random() < 0.5:
            name = self.random.choice(["rke2-images.linux-amd64.tar.zst", "rke2-images-core.linux-amd64.tar.gz",
                                       "rke2-images.linux-arm64.tar"])
            self.files[f"var/lib/rancher/rke2/agent/images/{name}"] = "x"
        else:
            self.files["var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/containerd"] = "x"

    def healthy(self):
        kind = self.random.choice(["relay", "relay", "lower", "containerd", "none", "private", "mirror", "told"])
        self.kind = kind
        if kind == "relay":
            self.set("HTTPS_PROXY", self.relay)
            if self.random.random() < 0.7:
                self.set("HTTP_PROXY", self.relay)
            if self.unit == "rke2-agent" or self.random.random() < 0.7:  # RKE2 gives a server a list
                self.set("NO_PROXY", self.list)
            if self.random.random() < 0.3:
                self.set("CONTAINERD_HTTPS_PROXY", self.relay)
        elif kind == "lower":
            self.set("https_proxy", self.relay)
            self.set("no_proxy", self.list)
        elif kind == "containerd":
            self.set("CONTAINERD_HTTPS_PROXY", self.relay)
            if self.random.random() < 0.7:  # with cilium or flannel nobody asks for the cluster by the relay
                self.set("CONTAINERD_NO_PROXY", self.list)
            self.preload(tarball=True)
        elif kind == "private":
            self.files["etc/rancher/rke2/config.yaml"] = "system-default-registry: registry.corp:5000\n"
        elif kind == "mirror":
            self.files["etc/rancher/rke2/registries.yaml"] = (
                "mirrors:\n  docker.io:\n    endpoint:\n      - https://mirror.corp\n")
        elif kind == "told":
            self.told()
        if kind not in ("containerd", "told") and self.random.random() < 0.2:
            self.preload()

    def told(self):
        """containerd alone has a relay, and rke2 is told beside config.yaml that it needs none; or what it is told is not known."""
        self.set("CONTAINERD_HTTPS_PROXY", self.relay)
        self.set("CONTAINERD_NO_PROXY", self.list)
        way = self.random.choice(["variable", "argument", "data-dir", "mirrors", "wrapper", "other-config", "runtime-image", "prime", "alias"])
        start = f"/usr/local/bin/rke2 {self.unit.removeprefix('rke2-')}"
        option = self.random.choice([" ", "="])
        config = None
        if way == "variable":
            self.set("RKE2_SYSTEM_DEFAULT_REGISTRY", "registry.corp:5000")
        elif way == "argument":
            start += f" --debug --system-default-registry{option}registry.corp:5000"
            config = self.random.choice([None, "system-default-registry: docker.io\n"])
        elif way == "data-dir":
            start += f" --data-dir{option}/data/rke2"
            self.files["data/rke2/agent/images/rke2-images.linux-amd64.tar.zst"] = "x"
        elif way == "mirrors":
            self.files["etc/reg.yaml"] = "mirrors:\n  docker.io:\n    endpoint:\n      - https://mirror.corp\n"
            config = "private-registry: /etc/reg.yaml\n"
        elif way == "wrapper":
            start = self.random.choice([f'/bin/sh -c ". /etc/proxy.sh; exec {start}"', f"/usr/bin/env HTTPS_PROXY=http://10.77.9.1:3128 {start}"])
        elif way == "other-config":
            start += f" --config{option}/etc/other.yaml"
        elif way == "runtime-image":
            config = "runtime-image: registry.corp:5000/rke2-runtime:v1\n"
        elif way == "prime":
            config = "prime: true\n"
        else:
            config = "x: &registry registry.corp:5000\nsystem-default-registry: *registry\n"
        if config:
            self.files["etc/rancher/rke2/config.yaml"] = config
        if start != f"/usr/local/bin/rke2 {self.unit.removeprefix('rke2-')}":
            self.files[f"etc/systemd/system/{self.unit}.service.d/start.conf"] = f"[Service]\nExecStart=\nExecStart={start}\n"

    def healthy_of(self, kinds, **more):
        """A healthy node of one of these kinds, that pulls unless it is CONTAINERD_ with its images preloaded."""
        base = dict(self.files)
        while True:
            self.files, self.lines, self.preloaded = dict(base), [], False
            self.healthy()
            if self.kind in kinds and (self.kind == "containerd" or not self.preloaded) and \
                    all(getattr(self, name) == value for name, value in more.items()):
                return

    # ---- healthy, and then one thing broken ----

    def names(self):
        """Of the relay and the list that rke2 itself reads."""
        return ("https_proxy", "no_proxy") if self.kind == "lower" else ("HTTPS_PROXY", "NO_PROXY")

    def break_containerd_scope(self):
        """The tarball is gone, or is one of other images."""
        self.healthy_of(["containerd"])
        path = next(path for path in self.files if "/agent/images/" in path)
        del self.files[path]
        other = self.random.choice([None, "rke2-images-cilium.linux-amd64.tar.zst", "rke2-images.linux-amd64.txt"])
        if other:
            self.files[path.rpartition("/")[0] + "/" + other] = "x"
        self.preloaded = False

    def break_scheme_uncovered(self):
        self.healthy_of(["relay", "lower"])
        self.drop("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "CONTAINERD_HTTPS_PROXY")
        self.set(self.random.choice(["HTTP_PROXY", "http_proxy", "ALL_PROXY"]), self.relay)

    def break_name_unread(self):
        self.healthy_of(["relay", "lower"])
        self.drop("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "CONTAINERD_HTTPS_PROXY")
        self.set(self.random.choice(["Https_Proxy", "HTTPS_RELAY", "HTTPS_proxy"]), self.relay)

    def break_value(self, value):
        self.healthy_of(["relay", "lower"])
        self.put(self.names()[0], value)

    def break_value_dropped(self):
        self.break_value("http://user:100%@10.77.9.1:3128")

    def break_value_misread(self):
        self.break_value(f"http://user:pa{self.random.choice('#/?')}ss@10.77.9.1:3128")

    def break_no_relay_match(self):
        self.healthy_of(["relay", "lower"])
        wide, name = self.random.choice(["*", "docker.io", ".docker.io"]), self.names()[1]
        if self.unit == "rke2-server" and self.kind == "relay" and self.random.random() < 0.3:
            self.set("no_proxy", wide)  # which a server joins to NO_PROXY
        else:
            self.put(name, ",".join(part for part in [self.value(name), wide] if part))

    def break_env_file_invalid(self):
        self.healthy_of(["relay", "lower"])
        self.drop("HTTP_PROXY", "CONTAINERD_HTTPS_PROXY")
        index = self.at(self.names()[0])
        if not self.in_unit:
            self.lines[index] = "export " + self.lines[index]
        elif self.place.endswith(".conf") and self.random.random() < 0.5:
            self.section = ""
        else:
            self.put(self.names()[0], "http://user:p%40ss@10.77.9.1:3128")
            self.percent = "%"

    def break_env_file_unloaded(self):
        self.healthy_of(["relay", "lower"])
        self.drop("HTTP_PROXY", "CONTAINERD_HTTPS_PROXY")
        ways = [f"[Service]\n{'Environment' if self.in_unit else 'EnvironmentFile'}=\n"]
        if not self.resets_only:
            ways.append(f"[Service]\nUnsetEnvironment={self.names()[0]}\n")
        self.files[f"etc/systemd/system/{self.unit}.service.d/zz.conf"] = self.random.choice(ways)

    def break_cluster_via_relay(self):
        """The list of containerd lacks what is the cluster's, or there is none."""
        self.healthy_of(["relay", "lower", "containerd"])
        narrow = self.random.choice(NARROW)
        if self.kind == "containerd" or self.unit == "rke2-server":
            self.put("CONTAINERD_NO_PROXY", narrow)
            return
        self.drop(self.names()[1])
        if self.random.random() < 0.7:
            self.set(self.names()[1], narrow)

    def break_case_conflict(self):
        """A relay that was left behind, in upper case."""
        self.healthy_of(["lower"])
        self.set("http_proxy", self.relay)
        self.set("HTTPS_PROXY", "http://10.77.9.7:8080")

    def break_relay_missing(self):
        """The node has a relay, and its rke2 was forgotten."""
        self.healthy_of(["none"])
        agent = "rancher-system-agent"
        self.files[f"etc/systemd/system/{agent}.service"] = (
            f"[Service]\nEnvironmentFile=-/etc/systemd/system/{agent}.env\nExecStart=/usr/local/bin/{agent} sentinel\n")
        self.files[f"etc/systemd/system/{agent}.env"] = "HTTPS_PROXY=http://10.77.9.1:3128\n"

    # Those whose dials fail (of these live.py makes dials), and those that only files tell.
    DIALLED = ["containerd-scope", "scheme-uncovered", "name-unread", "value-dropped", "value-misread", "no-relay-match",
               "env-file-invalid", "env-file-unloaded"]
    TOLD = ["cluster-via-relay", "case-conflict", "relay-missing"]

    def broken(self, ways=None):
        """Makes a healthy node with one thing broken; returns what has to be found."""
        way = self.random.choice(ways or self.DIALLED + self.TOLD)
        getattr(self, "break_" + way.replace("-", "_"))()
        return way

    def unit_lines(self):
        """The lines as words of Environment=: beside others or alone, quoted, joined; a % is written as %%."""
        choose = random.Random(repr(self.lines)).choice
        lines = []
        for line in self.lines:
            name, equals, value = line.partition("=")
            value = value.strip("\"'")
            if not equals or line[0] in "#;":
                lines.append(line)
                continue
            quote = choose("\"'") if " " in value else choose(["", '"', "'"])
            word = quote + name + "=" + value.replace("%", self.percent) + quote
            if lines and lines[-1].startswith("Environment=") and choose([True, False, False]):
                lines[-1] += choose([" ", " \\\n\t"]) + word
            else:
                lines.append("Environment=" + choose(["", "", "Y=1 ", "Z=2 \\\n  "]) + word)
        return lines

    def write(self, root):
        text = "\n".join(self.unit_lines() if self.in_unit else self.lines) + "\n"
        if self.in_unit and self.lines:
            text = self.section + text
        if self.lines or not self.in_unit:
            self.files[self.place] = self.files.get(self.place, "") + text
        for path, text in self.files.items():
            path = root / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (root / "etc/default").mkdir(parents=True, exist_ok=True)  # every system has it
        wants = root / "etc/systemd/system/multi-user.target.wants"
        wants.mkdir(parents=True, exist_ok=True)
        (wants / f"{self.unit}.service").symlink_to(f"/usr/local/lib/systemd/system/{self.unit}.service")
