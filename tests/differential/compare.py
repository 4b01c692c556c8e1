#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Compares our choice of a relay with that of real Go, on generated environments and URLs.

usage: compare.py OURS REFERENCE DECISIONS [SEED]

The seed makes a run repeatable.  Allowed differences are those that relaytrace documents: a host
or scheme that is part of a secret is "***", and its port is 0.
"""
import collections
import random
import subprocess
import sys

URLS_EACH = 6
PLAIN_HOSTS = [
    "index.docker.io", "registry-1.docker.io", "docker.io", "a.b.example.com", "example.com",
    "EXAMPLE.com", "xexample.com", "localhost", "LOCALHOST", "localhost.", "sub.localhost",
    "node1", "example.com.", "xn--bcher-kva.example", "a_b.example.com", "10.0.0.1", "10.43.0.1",
    "127.0.0.1", "127.1.2.3", "127.1", "0.0.0.0", "192.168.1.77", "010.0.0.1", "256.1.1.1", "",
    "a..b", ".example.com", "1.2.3", "*.example.com", "*", "a%25b.example.com", "%25"]
V6_HOSTS = [
    "[::1]", "[fd00::1]", "[fd00:10:43::1]", "[FE80::1%25eth0]", "[fe80::1%25eth0]", "[::]",
    "[::ffff:10.0.0.1]", "[::ffff:127.0.0.1]", "[2001:db8::7]", "[2001:0db8:0:0:0:0:0:7]",
    "[fd00::00001]", "[::1%25.example.com]", "[::1%25]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]",
    "[1::2::3]", "[example.com]", "[::ffff:a00:1]", "[fe80::1%eth0]", "[fd00::1", "fd00::1]", "[]"]
IDNA_HOSTS = [
    "bücher.example", "BÜCHER.example", "Straße.de", "münchen.de", "пример.испытание",
    "ПРИМЕР.испытание", "παράδειγμα.gr", "例え.テスト", "例え。テスト", "ñandú.es", "b%c3%bccher.example",
    "x.bücher.example", "ÿ.example", "bad\x80\xff.example", "%ff.example", "ü-.example", "a_ü.example"]
PORTS = ["", "", "", ":443", ":80", ":8080", ":5000"] * 2 + [":", ":00443", ":99999", ":x", ":-1"]
RELAY_HOSTS = [
    "relay", "relay.corp", "relay.corp.", "10.1.2.3", "[fd00::9]", "fd00::9", "[fe80::9%25eth0]",
    "relay_1", "$RELAY", "${RELAY}", "bücher.corp", "", "re lay", "re\"lay", "<relay>", "re%20lay",
    "re%ffl", "relay%", "[relay]", "[fd00::9", "re[lay", "relay;x", "relay,x", "*", "http", "%25"]
RELAY_PORTS = ["", ":3128", ":3128", ":3128", ":8080", ":", ":0", ":65536", ":99999999999999999999",
               ":03128", ":port", ":31 28", ":3128:80", ":-1", ":$PORT"]
SCHEMES = ["http://"] * 12 + [ "https://", "socks5://", "socks5h://", "HTTP://",
           "ftp://", "", "", "http:", "http:/", "http:///", "http//", "https//", "://", "//", "///",
           "http:\\\\", "h ttp://", "http://http://", "tcp://", "1http://", "unix:", "htp://", ":", "http:////"]
USERS = ["", "", "", "", "", "user:pw@", "user@", ":@", "@", "user:p@ss@", "user:p#ss@", "user:p/ss@",
         "user:p?ss@", "user:12#ss@", "user:12/ss@", "user:12?ss@", "us#er:pw@", "user:p%ss@",
         "user:p%23ss@", "user:p%2@", "user:p ss@", "user:'pw'@", "user:\"pw\"@", "user:p\\ss@",
         "user:p^ss@", "user:p{}ss@", "user:p[ss@", "user:p]ss@", "user:pä@", "user:p$s@", "$U:$P@",
         "user:p%40ss@", "user:pass%40", "DOM\\user:pw@", "user:p;s,s@", "user:p//ss@", "user:p:ss@",
         "user:p<ss>@", "user:p|ss@", "user:p`ss@", "us/er:12@"]
TAILS = ["", "", "", "", "", "", "/", "/path", "/pa%th", "/pa%20th", "?q=%zz", "?", "#frag", "#fr%ag",
         " ", "\t", "\r", "\n", "\"", "'", "/ ", " # note", "\\", ",http://other:1", "/a@b", "/a b", ";", "\x7f", "#\r"]
HEADS = ["", "", "", "", "", "", "", "", "", "", " ", "\t", "\"", "'", "#", "%", "\r", "\ufeff", "\u00a0", "$"]
LETTERS = "ab1.:/@#?%[]\"' \\$,;*-_~!&()+=<>^{}|`ü\x80\r\t"
NO_ENTRIES = [
    "*", "*", "localhost", "127.0.0.1", "example.com", ".example.com", "*.example.com", "EXAMPLE.COM",
    "example.com:443", "example.com:80", ".example.com:443", "*.example.com:443", "example.com:", "docker.io",
    ".docker.io", "*.docker.io", "index.docker.io:443", "10.0.0.0/8", "10.0.0.1", "10.0.0.1:443",
    "10.0.0.1/32", "10.43.0.0/16", "010.0.0.0/8", "10.0.0.0/08", "10.0.0.0/33", "10.0.0.0/", "/8",
    "192.168.1.77/24", "192.168.1.*", "0.0.0.0/0", "::/0", "fd00::/8", "fd00::1", "[fd00::1]",
    "[fd00::1]:443", "fd00:10:43::/112", "::ffff:10.0.0.0/104", "::ffff:10.0.0.1", "::ffff:0:0/95", "::1", "fe80::1%eth0",
    "fe80::/10", "2001:db8::7", "2001:DB8::/32", "fd00::00001", "[]", "[", "[]:80", ":443", ":", ".", "*.",
    "..", "*.*", "com", ".com", "svc", ".svc", ".cluster.local", "node1", "nod", "a.b", "b.example.com", "a..b",
    "xn--bcher-kva.example", "bücher.example", "BÜCHER.EXAMPLE", ".bücher.example", "*.bücher.example:443",
    "münchen.de", "Straße.de", "straße.de", "пример.испытание", "例え.テスト", "\ufffd.example", "ü-.example",
    "http://example.com", "example.com/path", "\"example.com\"", "'example.com'", "example.com;docker.io",
    "example.com docker.io", "", "", " ", "a_ü.example", "1.2.3", "x:y:z", "a%b.example.com", "10.0.0.1:", "e[x", "ÿ.example"]
BLANKS = ["", "", "", "", " ", "  ", "\t", "\r", "\n", "\u00a0", "\u2003", "\u3000", "\v"]
NAMES = ["HTTPS_PROXY", "HTTPS_PROXY", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "HTTP_PROXY", "http_proxy",
         "ALL_PROXY", "all_proxy", "Https_Proxy", "CONTAINERD_HTTPS_PROXY", "HTTPS_RELAY"]


def as_bytes(text):
    """Text of the tables: \\x80 to \\xff that stand for themselves become single, invalid bytes."""
    return b"".join(bytes([ord(c)]) if c in "\x80\xff" else c.encode() for c in text)


def mutate(r, text):
    for _ in range(r.choice([0, 0, 0, 1, 1, 2])):
        at = r.randrange(len(text) + 1)
        text = r.choice([text[:at] + r.choice(LETTERS) + text[at:], text[:at] + text[at + 1:],
                         text[:at] + r.choice(LETTERS) + text[at + 1:], text[:at]])
    return text


def relay_value(r):
    kind = r.random()
    if kind < 0.05:
        return ""
    if kind < 0.35:
        return r.choice(["http://relay:3128", "http://u:p@relay:3128", "relay:3128", "http://[fd00::9]:3128"])
    if kind < 0.40:
        return "".join(r.choice(LETTERS) for _ in range(r.randrange(1, 16)))
    text = "".join(r.choice(part) for part in (HEADS, SCHEMES, USERS, RELAY_HOSTS[:8] * 4 + RELAY_HOSTS, RELAY_PORTS, TAILS))
    return mutate(r, text)


def no_value(r):
    entries = [r.choice(NO_ENTRIES[2:] if r.random() < 0.9 else NO_ENTRIES) for _ in range(r.randrange(1, 6))]
    text = ",".join(r.choice(BLANKS) + entry + r.choice(BLANKS) for entry in entries)
    # An '@' hides what stands before it in a list, and no entry has one.
    return mutate(r, text).replace("@", "") if r.random() < 0.3 else text


def environment(r):
    entries = [(r.choice(NAMES), relay_value(r)) for _ in range(r.randrange(1, 5))]
    if r.random() < 0.5:
        entries += [("HTTPS_PROXY", relay_value(r)), ("HTTP_PROXY", relay_value(r))]
    if r.random() < 0.6:
        entries += [(r.choice(["NO_PROXY", "NO_PROXY", "no_proxy"]), no_value(r)) for _ in range(r.randrange(1, 3))]
    if r.random() < 0.1:
        entries.append(("REQUEST_METHOD", r.choice(["GET", ""])))
    r.shuffle(entries)
    return [as_bytes(name + "=" + value) for name, value in entries]


def url(r):
    if r.random() < 0.04:
        return as_bytes("".join(r.choice(LETTERS) for _ in range(r.randrange(1, 20))))
    scheme = r.choice(["https://"] * 12 + ["http://"] * 8 + ["HTTPS://", "ftp://", "http:", "//", "", "https:///", "http:/"])
    host = r.choice(r.choice([PLAIN_HOSTS, PLAIN_HOSTS, PLAIN_HOSTS, V6_HOSTS, IDNA_HOSTS]))
    text = scheme + r.choice(["", "", "", "", "", "u:p@"]) + host + r.choice(PORTS)
    text += r.choice(["", "/", "/v2/", "/?x#y"] * 5 + ["/%zz"])
    return as_bytes(mutate(r, text) if r.random() < 0.15 else text)


def run(program, text):
    done = subprocess.run([program], input=text, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().splitlines()


def wanted_port(port, scheme):
    if port == "-":
        return {"http": 80, "https": 443, "socks5": 1080}.get(scheme, 0)
    return min(int(port), 0xffffffff)


def unhex(field):
    return b"" if field == "-" else bytes.fromhex(field)


def same(ours, theirs, values):
    """Is it the same decision, but for what relaytrace hides?"""
    ours, theirs = ours.split(), theirs.split()
    if ours[0] != theirs[0] or theirs[0] != "relay":
        return ours[0] == theirs[0]
    scheme, host, port = unhex(ours[1]), unhex(ours[2]), int(ours[3])
    go_scheme, go_host = unhex(theirs[1]), unhex(theirs[2])
    go_port = wanted_port(theirs[3], go_scheme.decode())
    secret = any(b"@" in v or b"%40" in v for v in values)
    if host == b"***" and go_host != host:
        # Only where there is a secret, or a second ':' that may be one's.
        if not secret and not any(v.count(b":") > 1 for v in values):
            return False
        host, port = go_host, go_port if port == 0 else port
    if scheme == b"***" and secret and go_scheme not in (b"http", b"https", b"socks5"):
        scheme = go_scheme
    return (scheme, host, port) == (go_scheme[:15], go_host[:255], go_port)


def main():
    ours, reference, decisions = sys.argv[1], sys.argv[2], int(sys.argv[3])
    r = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 8456)
    cases = []
    for _ in range((decisions + URLS_EACH - 1) // URLS_EACH):
        cases.append((environment(r), [url(r) for _ in range(URLS_EACH)]))

    def hexed(fields):
        return ",".join(f.hex() or "-" for f in fields)

    text = "".join(hexed(e) + " " + hexed(u) + "\n" for e, u in cases).encode()
    got, want = run(ours, text), run(reference, text)
    counts, masked, failures = collections.Counter(), 0, 0
    if not len(got) == len(want) == len(cases) * URLS_EACH:
        print(f"not ok differential: {len(got)} answers of ours, {len(want)} of Go's, {len(cases) * URLS_EACH} asked")
        return 1
    for i, (mine, theirs) in enumerate(zip(got, want)):
        entries, urls = cases[i // URLS_EACH]
        counts[theirs.split()[0] + " " + mine.split("reason=")[1].split()[0]] += 1
        masked += " 2a2a2a " in mine
        if same(mine, theirs, entries):
            continue
        failures += 1
        if failures <= 20:
            print(f"# {entries} {urls[i % URLS_EACH]}: ours {mine}, Go {theirs}")
    print(f"# decision and our reason: {dict(sorted(counts.items()))}, masked: {masked}")
    # A generator that no longer reaches a rule would make this test one that cannot fail.
    reasons = {int(key.split()[1]) for key in counts}
    if failures:
        print(f"not ok differential: {failures} of {len(got)} decisions differ from Go's")
    elif reasons != set(range(10)) or not masked:
        print(f"not ok differential: only the reasons {sorted(reasons)} were reached")
    else:
        print(f"ok differential: {len(got)} decisions as Go makes them")
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
