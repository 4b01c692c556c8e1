#!/usr/bin/env python3
"""The tracer under load, on this machine: watch.py day EVENTS | hold COUNT | execs COUNT [PACE].

  day EVENTS   the replay of a busy node's day: events a second, and the memory that a tenth of it takes
               beside all of it
  hold COUNT   so many traced processes at once: resident memory, at most 16 MiB of 10,000
  execs COUNT  so many short processes that each dial once, two at a time, behind others for 10 s, longer than the
               tracer remembers the dead: all are told or counted as lost, and resident memory at the end is that
               of the first tenth, within 1 MiB; with PACE so many a second, since what is remembered of the dead
               grows with how many die in that time
Prints ok, not ok and skip lines.  BUILD is the build folder.  Live ones need root, and run in a network
namespace of their own.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", "build")
TRACER = f"{BUILD}/relaytrace"
MIB = 1024  # the kernel tells KiB
FAULTS = []
WARM_UP_S = 10


def verdict(good, name, why=""):
    if not good:
        FAULTS.append(name)
    print(f"ok load: {name}" if good else f"not ok load: {name}: {why}", flush=True)


def run_of(command, stdin):
    """(seconds, most resident KiB, status)"""
    began = time.monotonic()
    child = subprocess.Popen(command, stdin=stdin)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = 0  # it is reaped
    return time.monotonic() - began, usage.ru_maxrss, status


def replay(events, folder):
    """Of a day of so many events, generated on the way in: events a second, most resident KiB, stop line."""
    day, out = f"{folder}/day", f"{folder}/out"
    with open(day, "w", encoding="utf-8") as file:
        subprocess.run([f"{HERE}/node_day.py", str(events)], stdout=file, check=True)
    command = [TRACER, "replay", day, "--fail-on", "never", "-o", f"json:{out}"]
    seconds, resident, status = run_of(command, subprocess.DEVNULL)
    with open(out, "rb") as file:
        file.seek(-16384, os.SEEK_END)
        stop = json.loads(file.read().splitlines()[-1])
    os.unlink(out)
    if status or stop["event"]["action"] != "stop":
        raise SystemExit(f"not ok load: the replay of {events} events: it ended with status {status}")
    seen = sum(stop["relaytrace"]["seen"].values())
    return seen / seconds, resident, seen


def day(events):
    with tempfile.TemporaryDirectory() as folder:
        _, tenth, _ = replay(events // 10, folder)
        rate, whole, seen = replay(events, folder)
    sizes = f"{tenth / MIB:.1f} MiB of a tenth, {whole / MIB:.1f} MiB of all"
    print(f"a day of {seen:,} events: {rate:,.0f} events a second; resident at most {sizes}")
    verdict(abs(whole - tenth) <= MIB and seen > 0.95 * events, "a day's events leave memory flat", sizes)


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


class Live:
    """The tracer, attached; and the load program, whose name is this run's own."""

    def __init__(self, folder):
        self.program = f"{folder}/load{os.getpid()}"
        flags = ["-O2", "-static", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror"]
        subprocess.run(["gcc", *flags, "-o", self.program, f"{HERE}/load.c"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # Its own process alone, beside the tree of that name: nothing else of this machine is traced.
        self.nobody = subprocess.Popen(["sleep", "100000"])
        self.out = f"{folder}/out"
        options = ["--tree", os.path.basename(self.program), "--pid", str(self.nobody.pid)]
        self.tracer = subprocess.Popen(
            [TRACER, *options, "--fail-on", "never", "-o", f"json:{self.out}", "-o", f"text:{folder}/text"],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(300):
            if os.path.exists(self.out) and os.path.getsize(self.out):
                return
            time.sleep(0.1)
        self.close()
        raise SystemExit("not ok load: the tracer: it did not start")

    def start(self, *arguments):
        environment = {
            "HTTPS_PROXY": "http://user:word@10.77.9.1:3128",
            "NO_PROXY": "10.0.0.0/8,192.168.0.0/16,.svc,.cluster.local",
        }
        return subprocess.Popen(
            [self.program, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def settle(self):
        """Until it has read all that came."""
        size = -1
        while size != os.path.getsize(self.out):
            size = os.path.getsize(self.out)
            time.sleep(1)

    def stop(self):
        self.tracer.send_signal(signal.SIGTERM)
        self.tracer.wait(60)
        with open(self.out, "rb") as file:
            file.seek(max(0, os.path.getsize(self.out) - 16384))
            return json.loads(file.read().splitlines()[-1])["relaytrace"]

    def close(self):
        for process in (self.tracer, self.nobody):
            process.kill()
            process.wait()


def live(work):
    if os.getuid() != 0:
        print("skip load: needs root")
        return
    if not os.environ.get("LOAD_INSIDE"):
        os.environ["LOAD_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, os.path.abspath(__file__), *sys.argv[1:]])
    with tempfile.TemporaryDirectory() as folder:
        watched = Live(folder)
        try:
            work(watched)
        finally:
            watched.close()


def hold(count):
    def work(watched):
        load = watched.start("hold", str(count))
        load.stdout.readline()
        watched.settle()
        kib = resident(watched.tracer.pid)
        load.stdin.close()
        load.wait()
        watched.settle()
        lost = sum(watched.stop()["loss"].values())
        told = f"{kib / MIB:.1f} MiB resident, {lost} lost"
        print(f"{count:,} traced processes: {told}")
        verdict(lost == 0 and kib <= 16 * MIB * max(1, count / 10000), f"{count} processes fit 16 MiB", told)

    live(work)


def execs(count, pace=0):
    def work(watched):
        began, before = time.monotonic(), 0
        while time.monotonic() < began + WARM_UP_S:
            load = watched.start("execs", str(pace or 400), str(pace))
            before += int(load.communicate()[0].split()[-2])
        load = watched.start("execs", str(count), str(pace))
        sizes, done = [], 0
        for line in load.stdout:
            done, seconds = line.split()[1:]
            sizes.append(resident(watched.tracer.pid))
            print(f"  {int(done):,} execs, {seconds} s: {sizes[-1] / MIB:.2f} MiB", flush=True)
        load.stdin.close()
        load.wait()
        done = before + int(done)
        watched.settle()
        stop = watched.stop()
        told = sum(row["count"] for row in stop["dials"])
        lost = stop["loss"]
        grown = f"{sizes[0] / MIB:.2f} MiB at a tenth, {sizes[-1] / MIB:.2f} MiB at the end"
        verdict(abs(sizes[-1] - sizes[0]) <= MIB, f"{done:,} execs and dials leave memory flat", grown)
        what = f"{told:,} dials and {stop['seen']['exec']:,} execs told, lost {sum(lost.values())}"
        print(what)
        whole = told == done and stop["seen"]["exec"] > done
        missing = max(done - told, done + 1 - stop["seen"]["exec"])
        verdict(whole or sum(lost.values()) >= missing > 0, "each is told or counted as lost", what)

    live(work)


def main():
    works = {"day": day, "hold": hold, "execs": execs}
    if sys.argv[1:2] != ["execs"] and len(sys.argv) > 3 or len(sys.argv) not in (3, 4) or sys.argv[1] not in works:
        raise SystemExit(__doc__)
    works[sys.argv[1]](*map(int, sys.argv[2:]))
    sys.exit(1 if FAULTS else 0)


main()
