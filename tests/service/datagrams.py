#!/usr/bin/env python3
"""A journald or a service manager that can be told not to listen.

usage: datagrams.py SOCKET OUT [hangs]

Takes the datagrams that come to SOCKET ('@NAME': an abstract one) and appends them to OUT, each with a
line "-- SECONDS" before it.  SIGUSR1: reads nothing from now on (so it begins with `hangs`); SIGUSR2:
reads again; SIGHUP: the socket goes away and comes back a second later, as with a manager that is started
anew.  Says "ready" when it can be written to.
"""
import os
import select
import signal
import socket
import sys
import time

path, out = sys.argv[1], open(sys.argv[2], "ab", buffering=0)
hangs, anew = "hangs" in sys.argv[3:], False


def on_signal(number, _frame):
    global hangs, anew
    if number == signal.SIGHUP:
        anew = True
    else:
        hangs = number == signal.SIGUSR1


def listen():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind("\0" + path[1:] if path[0] == "@" else path)
    return s


for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
    signal.signal(number, on_signal)
listening = listen()
print("ready", flush=True)
while True:
    if anew:
        anew = False
        listening.close()
        if path[0] != "@":
            os.unlink(path)
        time.sleep(1)
        listening = listen()
    if hangs:
        time.sleep(0.02)
    elif select.select([listening], [], [], 0.02)[0]:
        out.write(b"-- %.3f\n%s\n" % (time.time(), listening.recv(1 << 20)))
