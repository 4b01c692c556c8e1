# SPDX-License-Identifier: GPL-2.0-only
"""What a tracer would record on a node made by chance (node.py): programs, their environments, the dials of a start
with all that is usual there.  Healthy, or with one thing broken, and then which rule has to speak."""

import ipaddress
import os
import re
import subprocess

from node import NARROW, Node

WALL = 1763945000
DATA = "/var/lib/rancher/rke2/data/v1.32.5-rke2r1-f08cac670b4e/bin/"
HUB = {"index.docker.io": "203.0.113.10", "registry-1.docker.io": "203.0.113.11", "auth.docker.io": "203.0.113.12",
       "production.cloudfront.docker.com": "203.0.113.13"}
INSIDE = {"mirror.corp": "10.1.2.3", "registry.corp": "10.1.2.4", "relay.corp": "10.77.9.1"}


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def covers(entry, host):
    """Does an entry of a NO_ list cover host?  Of the entries that node.py makes."""
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry)
        except ValueError:
            return False
    if entry.startswith((".", "*.")):
        return host.endswith(entry.lstrip("*"))
    return host == entry or host.endswith("." + entry)


class Live(Node):
    def __init__(self, seed):
        super().__init__(seed)
        self.events = []
        self.now = 1.0
        self.socket = 100
        self.id = 0
        self.noise = ["spegel", "join", "peers", "node_port", "apiserver", "metadata", "shim", None, None]
        self.random.shuffle(self.noise)
        self.units = [self.unit]
        self.newer = False  # the env file was written after the start
        self.delivered = True
        self.resets_only = True

    # ---- what the tracer writes down ----

    def add(self, at, text):
        self.events.append((at, len(self.events), text))

    def pause(self, least=0.1, most=2.0):
        self.now += self.random.uniform(least, most)

    def environment(self):
        """What systemd gives the unit of the lines that set() made."""
        found = {}
        for line in self.lines if self.delivered and self.section else []:
            name, eq, value = line.partition("=")
            if self.in_unit and "%" in value and self.percent == "%":  # not a specifier: the word is ignored
                continue
            if eq and re.fullmatch("[A-Za-z_]+", name):
                if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                    value = value[1:-1]
                found[name] = value
        return {name: value for name, value in found.items() if re.search("(?i)(PROXY|RELAY)$", name)}

    def of_containerd(self):
        """rke2 hands CONTAINERD_X on as X; a server has put the cluster's ranges into its own list before."""
        own = {name: value for name, value in self.environment().items() if not name.startswith("CONTAINERD_")}
        if self.unit == "rke2-server":
            lists = [own.get("NO_PROXY", ""), own.pop("no_proxy", "")]
            own["NO_PROXY"] = ",".join([part for part in lists if part] +
                                       [".svc", ".cluster.local", "10.42.0.0/16", "10.43.0.0/16"])
        own.update({name[len("CONTAINERD_"):]: value for name, value in self.environment().items()
                    if name.startswith("CONTAINERD_")})
        return own

    def program(self, pid, parent, file, environment, arguments="", more=""):
        unit = "" if "cgroup=" in more or parent not in (1, self.rke2) else f" cgroup=/system.slice/{self.unit}.service"
        env = "".join(" env=" + quoted(f"{name}={value}") for name, value in environment.items())
        self.add(self.now, f"exec pid={pid} start={self.now - 0.01:.3f} parent={parent} file={file} arg={file}"
                           f"{arguments}{unit}{more}{env}")

    def start(self, pid=4121):
        self.rke2 = pid
        self.program(pid, 1, "/usr/local/bin/rke2", self.environment(), f" arg={self.unit[5:]}", " tree=rke2")
        self.pause(0.1, 0.3)

    def start_agent(self, environment):
        """rancher-system-agent: a service of its own, with an env file of its own."""
        name = "rancher-system-agent"
        self.files[f"etc/systemd/system/{name}.service"] = (
            f"[Service]\nEnvironmentFile=-/etc/systemd/system/{name}.env\nExecStart=/usr/local/bin/{name} sentinel\n")
        self.files[f"etc/systemd/system/{name}.env"] = "".join(f"{n}={v}\n" for n, v in environment.items())
        self.units.append(name)
        self.program(900, 1, f"/usr/local/bin/{name}", environment, " arg=sentinel",
                     f" tree={name} cgroup=/system.slice/{name}.service")
        self.pause()

    def start_containerd(self):
        self.program(4200, self.rke2, DATA + "containerd", self.of_containerd())
        self.pause()

    def ask(self, pid, name, addresses, code="", type=1):
        self.id += 1
        words = f"pid={pid} server=10.77.0.53:53 id={self.id} type={type} name={name}"
        self.add(self.now, f"question {words}")
        self.now += 0.01
        self.add(self.now, f"answer {words}" + ("".join(f" address={a}" for a in addresses.split()) if addresses else f" code={code}"))
        self.now += 0.001

    def look_up(self, pid, name, addresses):
        if self.random.random() < 0.1:  # the first nameserver is dead
            self.id += 1
            self.add(self.now, f"question pid={pid} server=10.77.0.52:53 id={self.id} name={name}")
            self.now += 5
        if self.random.random() < 0.2:  # the suffixes of a search list come first
            for suffix in ["default.corp", "corp"][:self.random.randint(1, 2)]:
                self.ask(pid, f"{name}.{suffix}", None, "NXDOMAIN")
        self.ask(pid, name, addresses)

    def dial(self, pid, to, state, after, more="", begin=None):
        self.socket += 1
        begin = self.now if begin is None else begin
        local = "[fd00::2]" if to.startswith("[") else "10.77.0.2"
        words = f"socket={self.socket} from={local}:{40000 + self.socket} to={to}"
        self.add(begin, f"state pid={pid} tid={pid + 7} {words} close>syn-sent")
        self.add(begin + after, f"state {words} syn-sent>{state}{more}")
        return words

    def fails(self, pid, to, how):
        """A dial that fails; returns when it is over."""
        after, more = {"refused": (0.002, " error=ECONNREFUSED"), "dropped": (30, ""), "timeout": (8, " error=ETIMEDOUT"),
                       "unreachable": (0.004, " error=EHOSTUNREACH"), "denied": (0.001, " error=EPERM")}[how]
        self.dial(pid, to, "close", after, more)
        self.now += after + 0.001
        self.now += 2

    def connected(self, pid, to, talk, end="program", received=5000, lasts=2.0, after=0.01):
        words = self.dial(pid, to, "established", after)
        at = self.now + after + 0.01
        for text, wait in talk:
            at += wait
            kind, _, rest = text.partition(" ")
            self.add(at, f"{kind} socket={self.socket} {rest}")
        self.now = at + lasts
        count = f"received={received} sent=700"
        states = {"program": ["fin-wait1", "fin-wait2", "close"], "peer": ["close-wait", "last-ack", "close"],
                  "reset": ["close"]}[end]
        old = "established"
        for state in states:
            error = " error=ECONNRESET" if end == "reset" else ""
            self.add(self.now, f"state {words} {old}>{state}{error} {count}")
            old = state
            self.now += 0.005
        self.pause()

    # ---- the way that a pull takes ----

    def way(self, environment, host):
        """The relay that Go would take for https://host, or None."""
        relay = environment.get("HTTPS_PROXY") or environment.get("https_proxy")
        entries = [e.strip() for e in (environment.get("NO_PROXY") or environment.get("no_proxy") or "").split(",")]
        return None if not relay or any(covers(e, host) for e in entries if e) else relay

    def relay_parts(self, relay):
        scheme, host, port = re.fullmatch(r"(?:(\w+)://)?(?:.*@)?(\[.*\]|[^:]+):(\d+)", relay).groups()
        return scheme or "http", host, port

    def relay_address(self, pid, relay):
        scheme, host, port = self.relay_parts(relay)
        if host in INSIDE:
            host = self.several(pid, host, INSIDE[host], port)
        return scheme, f"{host}:{port}"

    def granted(self):
        return self.random.choice(["status=200", 'status=200 reason="Connection established"', "status=200 reason=OK"])

    def through(self, pid, relay, host, port=443):
        scheme, to = self.relay_address(pid, relay)
        end = self.random.choice(["program", "program", "peer", "reset"])
        if scheme == "https":
            self.connected(pid, to, [("hello host=relay.corp", 0), ("reply tls", 0.03)], end)
            return
        wait = self.random.choice([0.03, 0.03, 5])
        self.connected(pid, to, [(f"request method=CONNECT host={host} port={port}", 0),
                                 (f"reply {self.granted()}", wait), (f"hello host={host}", 0.01)], end)

    def several(self, pid, host, address, port, more=lambda: None):
        """Looks host up; sometimes it has more addresses, which are tried first and do not work."""
        if self.random.random() < 0.8:
            self.look_up(pid, host, address)
            more()
            return address
        dead = [address.rsplit(".", 1)[0] + f".{n}" for n in range(251, 251 + self.random.randint(1, 3))]
        self.look_up(pid, host, " ".join([*dead, address]))
        more()
        for other in dead:
            after, error = self.random.choice([(0.002, " error=ECONNREFUSED"), (30 / (len(dead) + 1), ""),
                                               (0.003, " error=EHOSTUNREACH")])
            self.dial(pid, f"{other}:{port}", "close", after, error)
            self.now += after + 0.001
        return address

    def directly(self, pid, host, address, port=443):
        kind = self.random.choice(["plain", "plain", "no-route", "v6-dead", "v6-denied", "no-v6", "slow"])
        def ask_v6():
            if kind in ("no-route", "v6-dead", "v6-denied"):
                self.ask(pid, host, "2001:db8::10", type=28)
            elif kind == "no-v6":
                self.ask(pid, host, None, self.random.choice(["NOERROR", "SERVFAIL", "NXDOMAIN"]), 28)

        if kind == "slow":  # one address: 22 s behind others that fail is more than a finding waits for
            self.look_up(pid, host, address)
        else:
            address = self.several(pid, host, address, port, ask_v6)
        if kind in ("no-route", "v6-denied"):
            self.add(self.now, f"connect pid={pid} tid={pid + 7} socket={self.socket + 50} to=[2001:db8::10]:{port} "
                               f"result={-101 if kind == 'no-route' else -1}")
            self.now += 0.001
        elif kind == "v6-dead":
            self.dial(pid, f"[2001:db8::10]:{port}", "close", 0.33)
            self.now += 0.3
        self.connected(pid, f"{address}:{port}", [(f"hello host={host}", 0)],
                       self.random.choice(["program", "peer", "reset"]), after=22 if kind == "slow" else 0.01)

    def pull(self, pid, environment, host, port=443):
        relay = self.way(environment, host)
        if relay:
            self.through(pid, relay, host, port)
        else:
            self.directly(pid, host, (HUB | INSIDE)[host], port)

    def targets(self, hub):
        if self.kind == "private":
            return [("registry.corp", 5000)]
        return [("mirror.corp", 443)] if self.kind == "mirror" else [(host, 443) for host in hub]

    # ---- what is usual on a node that starts ----

    def usual(self):
        def spegel():
            self.fails(self.rke2, "127.0.0.1:9345", "refused")

        def join():
            for _ in range(self.random.randint(1, 3)):
                self.fails(self.rke2, "10.77.0.5:9345", "refused")
            self.connected(self.rke2, "10.77.0.5:9345", [('hello host=""', 0)])

        def peers():
            self.ask(self.rke2, "server.corp", "10.77.0.5")
            self.fails(self.rke2, f"10.77.0.{self.random.randint(5, 9)}:5001", "refused")

        def node_port():
            self.fails(self.rke2, "10.77.0.8:31000", "refused")

        def apiserver():
            self.fails(self.rke2, "127.0.0.1:6443", "refused")
            self.connected(self.rke2, "127.0.0.1:6443", [('hello host=""', 0)])

        def metadata():
            self.fails(self.rke2, "169.254.169.254:80", "unreachable")

        def shim():
            self.program(3000, 1, DATA + "containerd-shim-runc-v2", {"HTTPS_PROXY": "http://10.77.9.99:3128"}, "",
                         " comm=containerd-shim tree=rke2 found")
            self.pause()

        kinds = {"spegel": spegel, "join": join, "peers": peers, "node_port": node_port, "apiserver": apiserver,
                 "metadata": metadata, "shim": shim, None: self.pause}
        for _ in range(self.random.randint(0, 4)):
            kinds[self.noise.pop()]()

    def kubelet(self):
        self.program(4250, self.rke2, DATA + "kubelet", self.environment())
        self.pause()
        self.fails(4250, "10.42.0.17:8080", "refused")
        self.connected(4250, "10.42.0.17:8080", [])

    def cni(self, by_relay=False):
        environment = self.of_containerd()
        self.program(4300, 4200, "/opt/cni/bin/calico", environment)
        self.pause(0.01, 0.1)
        if by_relay:
            _, to = self.relay_address(4300, self.way(environment, "10.43.0.1"))
            self.connected(4300, to, [("request method=CONNECT host=10.43.0.1 port=443", 0), ("reply status=503", 0.02)],
                           received=120)
        elif not self.way(environment, "10.43.0.1"):
            self.connected(4300, "10.43.0.1:443", [('hello host=""', 0)])

    def stopped(self):
        """systemd stops rke2 while it dials."""
        words = self.dial(self.rke2, "203.0.113.77:443", "close", 3.1)
        self.add(self.now + 3, f"signal pid={self.rke2} signal=15")
        self.add(self.now + 3.2, f"exit pid={self.rke2} code=0")
        self.now += 5
        return words

    def live_healthy(self):
        self.healthy()
        self.start()
        self.usual()
        if not self.preloaded:
            for host, port in self.targets(["index.docker.io", "auth.docker.io", "production.cloudfront.docker.com"]):
                self.pull(self.rke2, self.environment(), host, port)
        if self.random.random() < 0.3:
            relay = self.way(self.environment(), "index.docker.io")
            self.start_agent({"HTTPS_PROXY": relay} if relay else {})
            if relay or self.kind == "none":
                self.pull(900, {"HTTPS_PROXY": relay} if relay else {}, "index.docker.io")
        self.start_containerd()
        self.kubelet()
        self.cni()
        self.usual()
        environment = self.of_containerd()
        for host, port in self.targets(["registry-1.docker.io", "auth.docker.io", "production.cloudfront.docker.com"]):
            self.pull(4200, environment, host, port)
        if self.random.random() < 0.3:
            self.stopped()

    # ---- one thing broken ----

    def fails_directly(self, pid, host, address, ways):
        others = [address.rsplit(".", 1)[0] + f".{n}" for n in range(252, 255)][:self.random.choice([0, 0, 1, 3])]
        self.look_up(pid, host, " ".join([*others, address]))
        how = self.random.choice(ways)
        for other in others if how in ("refused", "unreachable") else []:
            self.dial(pid, f"{other}:443", "close", 0.002, " error=ECONNREFUSED")
            self.now += 0.003
        if how == "reset":
            self.connected(pid, f"{address}:443", [(f"hello host={host}", 0)], "reset", received=0, lasts=0.05)
        else:
            self.fails(pid, f"{address}:443", how)

    def break_variables(self):
        """What the process carries, or does not, sends the pull of rke2 past the relay."""
        way = self.broken(self.DIALLED)
        if way == "containerd-scope" and self.random.random() < 0.4:  # wide entries are no reason to go direct
            self.put(*self.random.choice([("CONTAINERD_NO_PROXY", self.list + ",docker.io"), ("NO_PROXY", "*"),
                                          ("CONTAINERD_NO_PROXY", "*")]))
        if way == "env-file-unloaded":
            self.delivered = False
        elif way == "env-file-invalid":
            pass
        elif self.random.random() < 0.15 and way in ("containerd-scope", "scheme-uncovered"):
            self.lines, self.newer, self.delivered = [], True, False
            self.set("HTTPS_PROXY", self.relay)
            way = "env-file-stale"
        self.start()
        self.usual()
        self.now = max(self.now, 60)
        for _ in range(self.random.randint(1, 3)):  # a crash loop
            if way == "value-misread":
                self.ask(self.rke2, "http.corp", None, "NXDOMAIN")
                self.ask(self.rke2, "http", None, "NXDOMAIN")
                self.now += 2
            else:
                self.fails_directly(self.rke2, "index.docker.io", HUB["index.docker.io"],
                                    ["dropped", "dropped", "refused", "timeout", "unreachable", "reset"])
            if way != "env-file-stale":
                self.add(self.now, f"exit pid={self.rke2} code=1")
                self.now += 5
                self.start(self.rke2 + 100)
        return way

    def break_relay(self):
        """The relay is what is wrong."""
        way = self.random.choice(["relay-unreachable", "relay-unresolved", "relay-auth", "relay-forbidden",
                                  "relay-upstream", "relay-protocol", "relay-silent", "cluster-via-relay"])
        while self.relay.startswith("https:") or (way == "relay-unresolved") != ("relay.corp" in self.relay):
            self.relay = self.random.choice(["http://10.77.9.1:3128", "http://relay.corp:3128", "relay.corp:8080",
                                             "http://user:p%40ss@10.77.9.1:3128", "http://[fd00::9]:3128"])
        self.set("HTTPS_PROXY", self.relay)
        narrow = self.random.choice(NARROW + [""]) if way == "cluster-via-relay" else ""
        if narrow or way != "cluster-via-relay":
            self.set("NO_PROXY", narrow or "10.0.0.0/8,.svc,.corp,127.0.0.0/8")
        self.kind = "relay"
        by_containerd = self.random.random() < 0.5 or way == "cluster-via-relay"
        if way == "cluster-via-relay":  # an agent's list is not extended
            self.unit = "rke2-agent"
            self.units = [self.unit]
            self.place = self.place.replace("rke2-server", self.unit)
        self.start()
        self.usual()
        pid, host = self.rke2, "index.docker.io"
        if by_containerd:
            self.pull(pid, self.environment(), host)
            self.start_containerd()
            self.kubelet()
            pid, host = 4200, "registry-1.docker.io"
        if way == "cluster-via-relay":
            self.cni(by_relay=True)
            self.pull(4200, self.of_containerd(), host)
            return way
        _, name, port = self.relay_parts(self.relay)
        to = f"{INSIDE.get(name, name)}:{port}"
        request = (f"request method=CONNECT host={host} port=443", 0)
        for _ in range(self.random.randint(1, 3)):
            if way == "relay-unreachable":
                self.fails(pid, to, self.random.choice(["refused", "dropped", "timeout", "unreachable"]))
            elif way == "relay-unresolved":
                self.ask(pid, name, None, "NXDOMAIN")
                self.now += 2
            elif way == "relay-silent":
                self.connected(pid, to, [request], received=0, lasts=30)
            elif way == "relay-upstream" and self.random.random() < 0.5:
                self.connected(pid, to, [request, ('reply status=200 reason="Connection established"', 0.03),
                                         (f"hello host={host}", 0.01)], self.random.choice(["peer", "reset"]),
                               received=39, lasts=0.1)
            else:
                answers = {"relay-auth": ["status=407"], "relay-forbidden": ["status=403 reason=Forbidden", "status=451"],
                           "relay-upstream": ["status=502", "status=503", "status=504"],
                           "relay-protocol": ["status=404", "garbage", "status=302"]}[way]
                self.connected(pid, to, [request, ("reply " + self.random.choice(answers), 0.03)], received=150)
        return way

    def break_network(self):
        """A node without any relay."""
        self.kind = "none"
        way = self.random.choice(["relay-missing", "direct-reset", "resolver-failed", "not-a-relay-matter", "unexplained"])
        self.start()
        self.usual()
        pid, host = self.rke2, "index.docker.io"
        if self.random.random() < 0.5:
            self.pull(pid, {}, host)
            self.start_containerd()
            pid, host = 4200, "registry-1.docker.io"
        for _ in range(self.random.randint(1, 3)):
            if way == "resolver-failed":
                self.ask(pid, host, None, self.random.choice(["NXDOMAIN", "SERVFAIL", "REFUSED"]))
                self.now += 2
            elif way == "unexplained":  # a registry within
                self.look_up(pid, "registry.corp", INSIDE["registry.corp"])
                self.fails(pid, INSIDE["registry.corp"] + ":5000", self.random.choice(["refused", "dropped"]))
            else:
                self.fails_directly(pid, host, HUB[host], {"relay-missing": ["dropped", "refused", "timeout"],
                                                           "direct-reset": ["reset"],
                                                           "not-a-relay-matter": ["denied"]}[way])
        return way

    def break_mirror(self):
        """A mirror that does not serve: the default endpoint is tried, and a firewall drops it."""
        self.kind = "mirror"
        self.files["etc/rancher/rke2/registries.yaml"] = (
            "mirrors:\n  docker.io:\n    endpoint:\n      - https://mirror.corp\n")
        self.start()
        self.usual()
        pid, host = self.rke2, "index.docker.io"
        if self.random.random() < 0.5:
            self.start_containerd()
            pid, host = 4200, "registry-1.docker.io"
        for _ in range(self.random.randint(1, 3)):
            self.directly(pid, "mirror.corp", INSIDE["mirror.corp"])
            self.fails_directly(pid, host, HUB[host], ["dropped", "refused"])
        return "mirror-fallback"

    def break_registry(self):
        """A registry at a node port is down: a pull, though the port is the cluster's."""
        self.kind = "private"
        self.files["etc/rancher/rke2/config.yaml"] = "system-default-registry: 10.77.0.9:30500\n"
        self.set("HTTPS_PROXY", self.relay)
        self.set("NO_PROXY", "10.0.0.0/8,.corp")
        self.start()
        self.usual()
        pid = self.rke2
        if self.random.random() < 0.5:
            self.start_containerd()
            pid = 4200
        for _ in range(self.random.randint(1, 3)):
            self.fails(pid, "10.77.0.9:30500", self.random.choice(["refused", "dropped"]))
        return "no-relay-match"

    def break_agent(self):
        """Two verdicts on one node: rke2 has the relay, and the agent was registered without it."""
        self.kind = "relay"
        self.set("HTTPS_PROXY", self.relay)
        self.set("NO_PROXY", self.list)
        self.start()
        self.start_agent({})
        self.usual()
        self.pull(self.rke2, self.environment(), "index.docker.io")
        for _ in range(self.random.randint(1, 3)):
            self.fails_directly(900, "index.docker.io", HUB["index.docker.io"], ["dropped", "refused", "timeout"])
            self.pull(self.rke2, self.environment(), "index.docker.io")
        return "relay-missing"

    def live_broken(self):
        return self.random.choice([self.break_variables, self.break_variables, self.break_relay, self.break_relay,
                                   self.break_network, self.break_mirror, self.break_registry,
                                   self.break_agent])()

    # ---- the recording ----

    def story(self, root, unit_tell):
        """Writes the node's files below root; returns the recording."""
        self.write(root)
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                written = WALL + 30 if self.newer and path.endswith(self.place) else WALL - 3600
                os.utime(path, (written, written), follow_symlinks=False)
        facts = subprocess.run([unit_tell, str(root), "1.05", *self.units], capture_output=True, text=True, check=True).stdout
        end = max(at for at, _, _ in self.events) + 90
        lines = facts.splitlines() + [f"{at:.6f} {text}" for at, _, text in sorted(self.events)]
        lines += [f"{second}.5 clock" for second in range(1, int(end))]  # a live tracer wakes when something is due
        lines.sort(key=lambda line: float(line.split(" ", 1)[0]))
        return "\n".join(["relaytrace-recording 1", f"0.0 start wall={WALL} host=node boot_id=6b1c2d3e version=0.1.0"] +
                         lines + [f"{end:.3f} clock", f"{end + 1:.3f} stop", "end", ""])
