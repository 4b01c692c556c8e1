#!/usr/bin/env python3
"""A day of a busy node as a recording: node_day.py EVENTS > FILE.

About so many events, spread over 24 hours: pods that come and go (shims and CNI plugins, each with a
process of its own), image pulls through the relay, probes of the kubelet, administrators with crictl, an
rke2 that is restarted, and now and then a registry that does not answer.  pids wrap round, sockets and
names are ever new ones.  The same in every run.
"""
import sys

DAY_S = 86400
ENVIRONMENT = "env=HTTPS_PROXY=http://10.77.9.1:3128 env=NO_PROXY=10.0.0.0/8,192.168.0.0/16,.svc,.cluster.local"
CNI = ("calico", "calico-ipam", "portmap", "bandwidth", "loopback", "host-local")


class Node:
    def __init__(self, events):
        self.left = events
        self.step = DAY_S / events
        self.now = 0.0
        self.pid = 4000
        self.socket = 0

    def tell(self, text):
        self.now += self.step
        self.left -= 1
        print(f"{self.now:.6f} {text}")

    def process(self, parent, comm, *args):
        """A child that runs a program: (pid, start)."""
        self.pid = 300 + (self.pid - 299) % 32000
        pid, start = self.pid, f"{self.now:.2f}"
        self.tell(f"fork pid={parent[0]} start={parent[1]} child={pid} child_start={start}")
        words = " ".join(f"arg={word}" for word in (comm, *args))
        self.tell(
            f"exec pid={pid} start={start} parent={parent[0]} parent_start={parent[1]} comm={comm[:15]} "
            f"file=/opt/bin/{comm} {words} {ENVIRONMENT}"
        )
        return pid, start

    def exit(self, process, code=0):
        self.tell(f"exit pid={process[0]} start={process[1]} code={code}")

    def dial(self, process, to):
        self.socket += 1
        ends = f"socket={self.socket} from=10.77.0.2:{32768 + self.socket % 28000} to={to}"
        self.tell(f"state pid={process[0]} start={process[1]} {ends} close>syn-sent")
        return ends

    def refused(self, process, to):
        self.tell(f"state {self.dial(process, to)} syn-sent>close error=ECONNREFUSED")

    def done(self, ends):
        for change in ("established>fin-wait1", "fin-wait1>fin-wait2", "fin-wait2>close"):
            self.tell(f"state {ends} {change} received=5000 sent=500")

    def pull(self, process, host):
        ends = self.dial(process, "10.77.9.1:3128")
        self.tell(f"state {ends} syn-sent>established")
        self.tell(f"request socket={self.socket} method=CONNECT host={host} port=443")
        self.tell(f"reply socket={self.socket} status=200")
        self.tell(f"hello socket={self.socket} host={host}")
        self.done(ends)

    def lookup(self, process, name):
        self.socket += 1
        who = f"pid={process[0]} start={process[1]} server=10.77.0.53:53 id={self.socket % 65536} name={name}"
        self.tell(f"question {who}")
        self.tell(f"answer {who} address=10.1.{self.socket // 250 % 250}.{self.socket % 250 + 1}")


def root(node, name):
    node.pid += 1
    start = f"{node.now:.2f}"
    node.tell(
        f"exec pid={node.pid} start={start} parent=1 tree=rke2 comm={name} file=/usr/local/bin/{name} "
        f"arg={name} arg=agent {ENVIRONMENT}"
    )
    return node.pid, start


def day(events):
    node = Node(events)
    print("relaytrace-recording 1")
    node.tell("start wall=1763945000 host=busy boot_id=6b1c2d3e version=0.1.0 pending=20")
    rke2 = root(node, "rke2")
    containerd = node.process(rke2, "containerd")
    kubelet = node.process(rke2, "kubelet")
    rounds = 0
    while node.left > 60:
        rounds += 1
        shim = node.process(containerd, "containerd-shim-runc-v2", "-id", f"pod{rounds}")
        for name in CNI:
            plugin = node.process(containerd, name)
            ends = node.dial(plugin, "10.43.0.1:443")
            node.tell(f"state {ends} syn-sent>established")
            node.done(ends)
            node.exit(plugin)
        node.pull(containerd, "registry-1.docker.io")
        node.pull(containerd, f"blob{rounds}.cdn.example.com")
        node.refused(kubelet, f"10.42.{rounds % 250}.{rounds % 100 + 1}:8080")
        node.exit(shim)
        if rounds % 10 == 0:
            client = node.process(rke2, "crictl", "ps")
            node.exit(client)
        if rounds % 50 == 0:
            node.lookup(containerd, f"host{rounds}.internal.example.com")
            node.refused(containerd, f"10.1.0.{rounds // 50 % 200 + 1}:5000")
        if rounds % 1000 == 0:
            for process in (kubelet, containerd, rke2):
                node.exit(process)
            rke2 = root(node, "rke2")
            containerd = node.process(rke2, "containerd")
            kubelet = node.process(rke2, "kubelet")
    node.tell("stop")
    print("end")


day(int(sys.argv[1]))
