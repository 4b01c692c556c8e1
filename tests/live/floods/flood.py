#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Floods and rude peers for the tracer, in a network namespace of the test's own.

flood.py serve             a resolver (127.0.0.1:53), a relay (:3128) and a server (:8443), until killed
flood.py names             50,000 questions and their answers, and dials between them
flood.py talk              CONNECTs and ClientHellos as nobody should send them
flood.py judge KIND FOLDER what the tracer said of names or talk, in FOLDER/json: a line for each test
"""
import json
import os
import socket
import struct
import sys
import threading

QUESTIONS = 50000
WINDOW = 20  # questions on their way at a time
DIALS = 250  # refused, one every so many questions
FIRST_PORT = 20000
CONNECTS = 40
SECRET = "d2F0Y2h3b3JkLW9mLWZsb29kcw=="
ESCAPES = b"\x1b[31m\x1b]0;owned\x07\r\nevil\x00.test"
RELAY, SERVER = ("127.0.0.1", 3128), ("127.0.0.1", 8443)


def question(name, number):
    labels = b"".join(bytes([len(label)]) + label for label in name.split(b"."))
    return struct.pack("!6H", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + labels + b"\0\0\1\0\1"


def resolve():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    udp.bind(("127.0.0.1", 53))
    record = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\xc6\x33\x64\x07"  # 198.51.100.7
    while True:
        data, peer = udp.recvfrom(512)
        udp.sendto(data[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + data[12:] + record, peer)


def listen(address, answer):
    listener = socket.create_server(address, backlog=64)
    while True:
        threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def relay(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        data = connection.recv(65536)
        if not data:
            return
        head += data
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    answer = b"HTTP/1.1 403 Forbidden\r\nX-Pad: " + b"x" * 4096 + b"\r\n\r\n"
    if head.startswith(b"CONNECT endless"):
        answer = b"HTTP/1.1 407 " + b"y" * 300000
    try:
        if head.startswith(b"CONNECT bytes"):
            for byte in answer[:40]:
                connection.send(bytes([byte]))
        connection.sendall(answer[40:] if head.startswith(b"CONNECT bytes") else answer)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1)
    except OSError:
        pass
    connection.close()


def reset(connection):
    """Takes a ClientHello and resets the connection, so that the dial is told under its server name."""
    data = b""
    while len(data) < 5 or len(data) < 5 + struct.unpack("!H", data[3:5])[0]:
        data += connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def serve():
    threading.Thread(target=resolve, daemon=True).start()
    threading.Thread(target=listen, args=(SERVER, reset), daemon=True).start()
    listen(RELAY, relay)


def dial_refused(port):
    with socket.socket() as tcp:
        assert tcp.connect_ex(("127.0.0.1", port)) != 0


def names():
    every = QUESTIONS // DIALS
    udp = None
    for start in range(0, QUESTIONS, WINDOW):
        if start % 500 == 0:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.settimeout(10)
            udp.connect(("127.0.0.1", 53))
        for number in range(start, start + WINDOW):
            udp.send(question(b"n%d.flood.test" % number, number))
        for number in range(WINDOW):
            udp.recv(512)
        if start % every == 0:
            dial_refused(FIRST_PORT + start // every)


def connect_head(host, size):
    head = f"CONNECT {host}:443 HTTP/1.1\r\nProxy-Authorization: Basic {SECRET}\r\nHost: {host}:443\r\n"
    head += "".join(f"X-Pad-{i}: {'p' * 1000}\r\n" for i in range(size // 1024))
    return (head + f"X-Secret: {SECRET}\r\n\r\n").encode()


def hello(name):
    names_list = b"\0" + struct.pack("!H", len(name)) + name
    extension = struct.pack("!HHH", 0, len(names_list) + 2, len(names_list)) + names_list
    body = b"\3\3" + bytes(32) + b"\0" + b"\0\2\x13\1" + b"\1\0" + struct.pack("!H", len(extension)) + extension
    handshake = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack("!H", len(handshake)) + handshake


def exchange(address, pieces):
    with socket.create_connection(address, timeout=10) as tcp:
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            tcp.send(piece)
        try:
            while tcp.recv(65536):
                pass
        except ConnectionResetError:
            pass


def single(data):
    return [bytes([byte]) for byte in data]


def talk():
    for number in range(CONNECTS):
        exchange(RELAY, [connect_head(f"big{number}.test", 16384)])
        exchange(RELAY, single(connect_head(f"bytes{number}.test", 0)))
        # The request line alone, then what must stay in the kernel.
        line, _, rest = connect_head(f"split{number}.test", 0).partition(b"\r\n")
        exchange(RELAY, [line, b"\r\n", rest])
        exchange(RELAY, [connect_head(f"endless{number}.test", 0)])
        dial_refused(FIRST_PORT + number)
    exchange(SERVER, [hello(ESCAPES)])
    exchange(SERVER, single(hello(b"bytes.example.test")))
    exchange(RELAY, [connect_head("\x1b[2J\x07esc.test", 0)])
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect(("127.0.0.1", 53))
    udp.send(question(b"\x1b[2J\x07\nesc.flood.test", 7))
    udp.recv(512)


# ---- what the tracer said ----


def verdict(name, wrong):
    print(f"not ok floods {name}: {wrong}" if wrong else f"ok floods {name}")
    return bool(wrong)


def read_lines(folder):
    with open(f"{folder}/json", "rb") as file:
        data = file.read()
    bad = [byte for byte in data if byte < 32 and byte != 10]
    if bad or not data.endswith(b"\n"):
        return [], f"control characters or a broken end: {bad[:5]}"
    try:
        return [json.loads(line) for line in data.splitlines()], ""
    except ValueError as error:
        return [], str(error)


def of_action(events, action):
    return [event for event in events if event["event"]["action"] == action]


def lost(events):
    told = of_action(events, "loss")
    return sum(told[-1]["relaytrace"]["loss"].values()) if told else 0


def dials_wrong(events, count):
    """Each refused dial exactly once, but for what was told to be lost."""
    ports = [e["destination"]["port"] for e in of_action(events, "dial") if e["event"].get("reason") == "refused"]
    missing = set(range(FIRST_PORT, FIRST_PORT + count)) - set(ports)
    if len(ports) != len(set(ports)):
        return "a dial was told twice"
    if len(missing) > lost(events):
        return f"{len(missing)} of {count} dials are missing, {lost(events)} losses are told"
    return ""


def judge_names(events):
    answers = [e for e in of_action(events, "resolve") if e["dns"]["question"]["name"].endswith(".flood.test")]
    distinct = {e["dns"]["question"]["name"] for e in answers}
    wrong = ""
    if len(distinct) != len(answers):
        wrong = f"{len(answers)} answers for {len(distinct)} names"
    elif len(answers) + lost(events) < QUESTIONS:
        wrong = f"{len(answers)} of {QUESTIONS} answers, {lost(events)} losses are told"
    failed = verdict(f"names: {len(answers)} answers, {lost(events)} told to be lost", wrong)
    return verdict("names: the dials between them", dials_wrong(events, DIALS)) or failed


def judge_talk(events):
    failed = verdict("talk: the dials between", dials_wrong(events, CONNECTS))
    told = {}
    for event in of_action(events, "relay"):
        relay_fields = event["relaytrace"]["relay"]
        told.setdefault(relay_fields["connect_host"], []).append(relay_fields.get("status"))
    for kind, status in (("big", 403), ("bytes", 403), ("split", 403), ("endless", 407)):
        wrong = [h for h in (f"{kind}{n}.test" for n in range(CONNECTS)) if told.get(h) != [status]]
        shown = f"{len(wrong)} hosts, {wrong[0]}: {told.get(wrong[0])}" if wrong else ""
        failed = verdict(f"talk: {kind}", shown if len(wrong) > lost(events) else "") or failed
    resets = [e for e in of_action(events, "dial") if e["event"].get("reason") == "reset"]
    to_server = sorted(e["destination"].get("domain", "") for e in resets)
    wrong = "" if len(to_server) == 2 and "bytes.example.test" in to_server else f"the resets are of {to_server}"
    return verdict(f"talk: a ClientHello byte by byte, and one full of escapes", wrong) or failed


def judge(kind, folder):
    events, wrong = read_lines(folder)
    failed = verdict(f"{kind}: each line is whole", wrong)
    for name in sorted(os.listdir(folder)):
        with open(f"{folder}/{name}", "rb") as file:
            data = file.read()
        leaked = SECRET.encode() in data or SECRET.encode()[:12] in data
        escapes = b"\x1b" in data or b"\x07" in data
        wrong = "the secret of a header is in it" if leaked else "terminal escapes are in it" if escapes else ""
        failed = verdict(f"{kind}: {name} has no secret and no escapes", wrong) or failed
    if events:
        failed = (judge_names if kind == "names" else judge_talk)(events) or failed
    sys.exit(1 if failed else 0)


if len(sys.argv) == 4 and sys.argv[1] == "judge":
    judge(*sys.argv[2:])
elif len(sys.argv) == 2 and sys.argv[1] in ("serve", "names", "talk"):
    {"serve": serve, "names": names, "talk": talk}[sys.argv[1]]()
else:
    sys.exit(__doc__)
