#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes a node's files into DIRECTORY: hostile env files, unit files and drop-ins, and prints the
names of the units, one a line.  What each would get, a real systemd says (systemd.sh).
usage: systemd_fixtures.py DIRECTORY"""
import os
import sys

root = sys.argv[1]
units = []
LOCAL, RUN, USR = "/etc/systemd/system", "/run/systemd/system", "/usr/lib/systemd/system"


def b(text):
    return text if isinstance(text, bytes) else text.encode()


def put(path, content):
    full = root + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as f:
        f.write(b(content))


def link(path, target):
    full = root + path
    os.makedirs(os.path.dirname(full), exist_ok=True)
    os.symlink(target, full)


def service(name, lines, where=LOCAL, show=None, add=True):
    """A unit whose program shows its environment; lines stand at the end of [Service]."""
    put(f"{where}/{name}.service",
        b"[Unit]\nDefaultDependencies=no\n[Service]\nType=oneshot\nExecStart=/unit_show %s\n"
        % b(show or name + ".service") + b(lines))
    if add:
        units.append(name + ".service")


def env(name, content, prefix=""):
    """An env file and a unit that loads it."""
    put(f"/etc/env/{name}", content)
    service(f"e-{name}", f"EnvironmentFile={prefix}/etc/env/{name}\n")


P = "http://u:p@relay:3128"
put("/etc/machine-id", "0123456789abcdef0123456789abcdef\n")
put("/etc/hostname", "node-7.example.com\n")
put("/etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="x"\n')
put("/etc/systemd/system.conf", "[Manager]\nDefaultEnvironment=FROM_CONF=1 OVER=conf DEEP=conf\n")
put("/etc/systemd/system.conf.d/10-a.conf", '[Manager]\nDefaultEnvironment="OVER=drop in" \'Q=x y\'\n')

# Env files.
env("plain", f"HTTPS_PROXY={P}\nNO_PROXY=.svc,10.0.0.0/8\nhttp_proxy=x\n")
env("spaces", "A = b \nB=  c\t\n  C=d\n\tD =\te f  \nE=\n=F\n")
env("quotes", 'A="x y"\nB=\'x "y" \\n $Z\'\nC="a\\"b\\$c\\`d\\\\e\\nf"\nD=x"y"\nE="x"y z\nF="a" \'b\' c \'d\'\nG=""\n')
env("quote-spans", 'A="x\ny"\nB=\'x\ny\'\nC="x\\\ny"\nD=1\n')
env("unclosed-double", 'A=1\nB="x\nC=2\n')
env("unclosed-single", "A=1\nB='x\nC=2\n")
env("unclosed-escape", 'A=1\nB="x\\')
env("mixed-quotes", "A='it'\"'\"'s'\nB=\"a\"'b'\"c\"\nC='a'b'c'\nD=\"a\"\\\"b\n")
env("export", f"export HTTPS_PROXY={P}\nexport A=1 B=2\nC=3\nexport  D='x\ny'\nE=1\n")
env("comments", "# A=1\n; B=2\n  # C=3\nD=4 # five\nE=#6\nF=a;b\n#\n;\nG=1\n")
env("comment-continues", "# old \\\nA=1\nB=2\n; x \\\n\nC=3\n# \\\n# \\\nD=1\nE=2\n")
env("comment-escape-end", "A=1\n# x\\")
env("comment-crlf-continues", "# x \\\r\nA=1\r\nB=2\r\n")
env("continuation", "A=a\\\nb\nB=\\\n  c\nC=a \\\n b\nD=x\\\n\nE=1\n")
env("continuation-end", "A=a \\")
env("continuation-crlf", "A=a\\\r\nB=2\r\n")
env("escapes", "A=a\\tb\\nc\nB=\\\"x\\\"\nC=a\\\\b\nD=a\\ \nE=\\#x\nF=C:\\dir\\new\n")
env("crlf", f"HTTPS_PROXY={P}\r\nNO_PROXY=\"a,b\"\r\nA='x\r\ny'\r\nB=\r\n")
env("cr-only", "A=1\rB=2\rC=3")
env("cr-middle", "A=1\rx\nB=2\n")
env("no-expansion", "A=1\nB=$A\nC=${A}\nD=`id`\nE=$(id)\nF=%n %N\nG=~\nH=*\n")
env("names", "9A=1\nA-B=1\nA.B=1\n_A=1\nA_9=1\nA B=1\nA\tB=1\n%N=1\n\xc3\xa9=1\n")
env("equals", "A==1\n==B\n=\nC=x=y==\nD\n")
env("no-equals", "HTTPS_PROXY http://relay\nHTTPS_PROXY:http://relay\nA=1\nlast")
env("bom", b"\xef\xbb\xbfA=1\nB=2\n")
env("bom-comment", b"\xef\xbb\xbf# c\nB=2\n")
env("nul", b"A=1\nB=x\0y\nC=2\n")
env("nul-optional", b"A=1\nB=x\0y\nC=2\n", "-")
env("latin1", b"A=1\nB=caf\xe9\nC=2\n")
env("latin1-optional", b"A=1\nB=caf\xe9\nC=2\n", "-")
env("latin1-comment", b"# caf\xe9\nA=1\ncaf\xe9\nB=2\n")
env("latin1-key", b"A=1\ncaf\xe9=1\nB=2\n")
env("utf8", "A=caf\u00e9 \u20ac \U0001f600\nB=\ufeffx\n")
env("utf8-surrogate", b"A=1\nB=\xed\xa0\x80\n")
env("utf8-noncharacter", b"A=1\nB=\xef\xbf\xbe\n")
env("utf8-overlong", b"A=1\nB=\xc0\xaf\n")
env("utf8-comment-swallowed", b"# \\\nX=\xff\nA=1\n")
env("utf8-bad-name-value", b"A=1\nexport B=\xff\n")
env("utf16", "A=1\n".encode("utf-16"))
env("control", b"A=\x01\x02\x1b[31m\nB=a\x0bb\x0c\nC=\x7f\n\x0bD=1\n")
env("trailing-space-quoted", f'A="{P} "\nB={P} \nC=" x"\nD=\\ x\n')
env("duplicates", "A=1\nA=2\nB=1\nA=3\nB=\n")
env("empty", "")
env("only-newlines", "\n\r\n\n\r")
env("no-final-newline", "A=1\nB=2")
env("percent", "A=100%\nB=%%\nC=http://u:p%40w@relay:3128\nD=http://u:p%@relay\n")
env("hash-in-password", "A=http://u:p#w@relay\nB=http://u:p;w@relay\nC='http://u:p#w@relay'\n")
env("json", '{"A": "1"}\n"B"=2\n\'C\'=3\n')
env("shell", "if true; then\nA=1\nfi\nset B=2\ndeclare -x C=3\nD=1; E=2\nF=1 G=2\nH+=x\n")
env("long-line", "A=" + "x" * 100000 + "\nB=1\n")
env("too-long", "A=" + "x" * 131070 + "\nB=1\n")
env("longest", "A=" + "x" * 131069 + "\nB=1\n")
env("over-2m", "A=" + "x" * 2097150 + "\nB=1\n")
env("many", "".join(f"V{i}={i}\n" for i in range(500)))
env("vertical", "A=a\x0b \nB=\xa0x\xa0\n")
env("yaml", "A: 1\nB:1\nC = \"x\" # c\nD='x' # c\n")

# Unit files: Environment=.
service("u-words", "Environment=A=1 B=2\nEnvironment=\"C=x y\" 'D=x y' E=\"x y\"z\nEnvironment=F=\n")
service("u-escapes", r'''Environment="A=a\tb" B=\x41\101 C=\u20ac D=\s D2=\U0001F600 "E=\"x\"" 'F=\'x\''
Environment=G=1 H=\q I=2
Environment=J=3 "K=unclosed L=4
Environment=M=5 N=trailing\\
Environment=O=6
Environment=P=\x00 Q=7
Environment=R=\ud800 S=8
''')
service("u-specifiers", """Environment=A=%n B=%N C=%p D=%i. E=%I. F=%j G=%J H=%f I=%%n J=100%
Environment=K=%H L=%l M=%m N=%o O=%w P=%W. Q=%q
Environment=R=%t S=%S T=%C U=%L V=%E W=%T X=%V Y=%h Z=%u/%U/%g/%G AA=%d AB=%y AC=%Y AD=%s
Environment=BA=%- BB=a%
Environment=CA=%k CB=1
Environment=DA=p%40w DB=2
Environment="EA=http://u:p%40w@relay" EB=3
Environment=FB=%P FC=%B. FD=%M. FE=%A.
""")
service("u-reset", "Environment=A=1\nEnvironment=B=2\nEnvironment=\nEnvironment=C=3\n")
service("u-names", "Environment=A-B=1 9C=1 D=1 =x E F=2 \"G H=1\" I.J=1\n")
service("u-duplicates", "Environment=A=1 A=2\nEnvironment=A=3 B=1\nEnvironment=B=\n")
service("u-continuation", "Environment=A=1 \\\n  B=2 \\\n# comment\n ; another\n  C=3\nEnvironment=D=x\\\ny\nEnvironment=E=1\\\n\nEnvironment=F=1\n")
service("u-continuation-end", "Environment=A=1\nEnvironment=B=2 \\")
service("u-comments", "#Environment=A=1\n;Environment=B=1\n # Environment=C=1\nEnvironment=D=1 # E=2\n")
service("u-crlf", "Environment=A=1\r\nEnvironment=\"B=x y\"\r\nEnvironment=C=3 \\\r\nD=4\r\n")
service("u-cr", "Environment=A=1\rEnvironment=B=2\n\rEnvironment=C=3\n")
service("u-spaces", "  Environment  =  A=1  \n\tEnvironment=\tB=2\t\nenvironment=C=3\nENVIRONMENT=D=4\n")
service("u-sections", "[Unit]\nEnvironment=A=1\n[Install]\nEnvironment=B=1\n[X-Other]\nEnvironment=C=1\n[Service]\nEnvironment=D=1\n[Nonsense]\nEnvironment=E=1\n[ Service ]\nEnvironment=F=1\n[service]\nEnvironment=G=1\n")
service("u-bad-section", "Environment=A=1\n[Service\nEnvironment=B=1\n")
service("u-latin1", b"Environment=A=1\n# caf\xe9\nEnvironment=B=caf\xe9\nEnvironment=C=3\n")
service("u-nul", b"Environment=A=1\0Environment=B=2\nEnvironment=C=3\n")
service("u-no-equals", "Environment\nEnvironment=A=1\n=x\nNonsense=1\n")
put(f"{LOCAL}/u-bom.service", b"\xef\xbb\xbf[Service]\nType=oneshot\nExecStart=/unit_show u-bom.service\nEnvironment=A=1\n")
units.append("u-bom.service")
service("u-pass", "PassEnvironment=NOT_THERE FROM_CONF\nEnvironment=A=1\n")
service("u-unset", 'Environment=A=1 B=2 C=3 D=4 "E=x y" F=6\nUnsetEnvironment=A B=2 C=9 "E=x y" FROM_CONF\nUnsetEnvironment=-x 9 D-E\n')
service("u-unset-reset", "Environment=A=1 B=2\nUnsetEnvironment=A\nUnsetEnvironment=\nUnsetEnvironment=B\n")
service("u-unset-file", "EnvironmentFile=/etc/env/plain\nUnsetEnvironment=HTTPS_PROXY\nEnvironment=HTTPS_PROXY=x\n")
service("u-override-manager", "Environment=OVER=unit\nEnvironmentFile=/etc/env/deep\n")
put("/etc/env/deep", "DEEP=file\n")
service("u-line-too-long", "Environment=A=1\nEnvironment=B=" + "x" * 1048576 + "\n")
service("u-many-quotes", "Environment=\"\" '' Z=1\nEnvironment=A=\"a\"'b'c\"d e\"\nEnvironment=B='it'\\''s'\nEnvironment=\"C=1\"\"D=2\" E=\"\"\n")

# Unit files: EnvironmentFile=.
put("/etc/env/one", "A=1\nB=1\nC=1\n")
put("/etc/env/two", "B=2\nC=2\n")
service("f-order", "EnvironmentFile=/etc/env/one\nEnvironmentFile=/etc/env/two\nEnvironment=A=unit C=unit D=unit\n")
service("f-order-back", "EnvironmentFile=/etc/env/two\nEnvironmentFile=/etc/env/one\n")
service("f-missing", "EnvironmentFile=/etc/env/none\n")
service("f-missing-optional", "EnvironmentFile=-/etc/env/none\nEnvironment=A=1\n")
service("f-reset", "EnvironmentFile=/etc/env/none\nEnvironmentFile=/etc/env/one\nEnvironmentFile=\nEnvironmentFile=/etc/env/two\n")
service("f-quoted", 'EnvironmentFile="/etc/env/one"\nEnvironment=A=unit\n')
service("f-two-in-a-line", "EnvironmentFile=-/etc/env/one /etc/env/two\nEnvironment=A=unit\n")
service("f-relative", "EnvironmentFile=etc/env/one\nEnvironmentFile=- /etc/env/two\nEnvironment=A=unit\n")
service("f-messy-path", "EnvironmentFile=-//etc/./env//one/\n")
service("f-dots", "EnvironmentFile=/etc/env/../env/one\n")
service("f-directory", "EnvironmentFile=/etc/env\n")
service("f-directory-optional", "EnvironmentFile=-/etc/env\nEnvironment=A=1\n")
service("f-dev-null", "EnvironmentFile=/dev/null\nEnvironment=A=1\n")
for i, content in (("10", "A=10\nB=10\n"), ("2", "A=2\nC=2\n"), (".hidden", "H=1\n"), ("a b", "S=1\n"), ("[x]", "X=1\n")):
    put(f"/etc/glob/{i}.env", content)
service("f-glob", "EnvironmentFile=/etc/glob/*.env\n")
service("f-glob-question", "EnvironmentFile=/etc/glo?/[0-9].env\n")
service("f-glob-none", "EnvironmentFile=/etc/glob/*.nothing\n")
service("f-glob-none-optional", "EnvironmentFile=-/etc/glob/*.nothing\nEnvironment=A=1\n")
service("f-glob-escaped", "EnvironmentFile=/etc/glob/\\[x\\].env\n")
service("f-glob-space", "EnvironmentFile=/etc/glob/a b.env\n")
service("f-glob-brace", "EnvironmentFile=-/etc/glob/{2,10}.env\nEnvironment=A=unit\n")
service("f-glob-dirs", "EnvironmentFile=/etc/*/one\n")
link("/etc/env/link", "one")
link("/etc/env/loop-a", "loop-b")
link("/etc/env/loop-b", "loop-a")
link("/etc/env/absolute", "/etc/env/two")
link("/etc/env/up", "../../../../etc/env/one")
link("/etc/envdir", "env")
service("f-link", "EnvironmentFile=/etc/env/link\nEnvironmentFile=/etc/env/absolute\n")
service("f-link-up", "EnvironmentFile=/etc/env/up\n")
service("f-link-dir", "EnvironmentFile=/etc/envdir/two\n")
service("f-link-loop", "EnvironmentFile=/etc/env/loop-a\n")
service("f-link-loop-optional", "EnvironmentFile=-/etc/env/loop-a\nEnvironment=A=1\n")
put("/etc/default/rke2-agent", f"HTTPS_PROXY={P}\n")
put("/etc/sysconfig/rke2-agent", "HTTPS_PROXY=http://second:3128\nNO_PROXY=.svc\n")
put("/usr/local/lib/systemd/system/rke2-agent.env", "HOME=/root\nNO_PROXY=last\n")
service("rke2-agent", "EnvironmentFile=-/etc/default/%N\nEnvironmentFile=-/etc/sysconfig/%N\nEnvironmentFile=-/usr/local/lib/systemd/system/%N.env\n",
        "/usr/local/lib/systemd/system")
service("f-specifier-unknown", "EnvironmentFile=/etc/env/%k\nEnvironment=A=1\n")
service("f-percent", "EnvironmentFile=-/etc/env/100%%\n")
put("/etc/env/100%", "A=percent\n")

# Drop-ins.
D = "[Service]\nEnvironment="
service("d-a-b", "Environment=BASE=1 OVER=base\nEnvironmentFile=-/etc/env/one\n", USR)
put(f"{LOCAL}/d-a-b.service.d/20-x.conf", D + "X20=etc\n")
put(f"{USR}/d-a-b.service.d/20-x.conf", D + "X20=usr LOST=1\n")
put(f"{RUN}/d-a-b.service.d/10-y.conf", D + "Y10=run OVER=run\n")
put(f"{LOCAL}/d-a-.service.d/15-z.conf", D + "Z15=etc OVER=etc15\n")
put(f"{LOCAL}/d-.service.d/20-x.conf", D + "LOST2=1\n")
put(f"{LOCAL}/d-.service.d/30-w.conf", D + "W30=1\n")
put(f"{USR}/service.d/05-all.conf", D + "ALL=1\n")
put(f"{LOCAL}/d-a-b.service.d/99-not-conf.txt", D + "LOST3=1\n")
put(f"{LOCAL}/d-a-b.service.d/.hidden.conf", D + "LOST4=1\n")
put(f"{USR}/d-a-b.service.d/40-masked.conf", D + "LOST5=1\n")
link(f"{LOCAL}/d-a-b.service.d/40-masked.conf", "/dev/null")
put(f"{USR}/d-a-b.service.d/41-emptied.conf", D + "LOST6=1\n")
put(f"{LOCAL}/d-a-b.service.d/41-emptied.conf", "")
put(f"{LOCAL}/d-a-b.service.d/50-no-section.conf", "Environment=LOST7=1\n")
put(f"{LOCAL}/d-a-b.service.d/51-cut.conf", D + "CUT=1\n[Service\nEnvironment=LOST8=1\n")
put(f"{LOCAL}/d-a-b.service.d/52-latin1.conf", b(D) + b"L1=1\nEnvironment=L2=\xe9\nEnvironment=L3=1\n")
link(f"{LOCAL}/d-a-b.service.d/60-link.conf", "/etc/env/dropin")
put("/etc/env/dropin", D + "LINKED=1\n")
link(f"{LOCAL}/d-a-b.service.d/61-dangling.conf", "/etc/env/none")
link(f"{LOCAL}/d-a-b.service.d/62-loop.conf", "62-loop.conf")
os.makedirs(root + f"{LOCAL}/d-a-b.service.d/63-dir.conf")
put(f"{LOCAL}/d-a-b.service.d/70-files.conf", "[Service]\nEnvironmentFile=\nEnvironmentFile=/etc/env/two\n")
service("d-reset", "Environment=A=1 B=1\n", USR)
put(f"{LOCAL}/d-reset.service.d/a.conf", "[Service]\nEnvironment=\nEnvironment=C=1\n")
put(f"{LOCAL}/d-reset.service.d/b.conf", D + "D=%n-%N\n")
service("d-dash-", "Environment=A=1\n")
put(f"{LOCAL}/d-dash.service.d/a.conf", D + "LOST=1\n")
service("d-upper", "Environment=A=1\n")
put(f"{LOCAL}/d-upper.service.d/a.conf", D + "L=lower\n")
put(f"{LOCAL}/d-upper.service.d/B.conf", D + "L=upper\n")
put(f"{LOCAL}/d-upper.service.d/10.conf", D + "N=10\n")
put(f"{LOCAL}/d-upper.service.d/9.conf", D + "N=9\n")
service("d-dirlink", "Environment=A=1\n")
put("/etc/dropins/a.conf", D + "FROM_LINKED_DIR=1\n")
link(f"{LOCAL}/d-dirlink.service.d", "/etc/dropins")
service("d-many", "Environment=A=1\n")
for i in range(200):
    put(f"{LOCAL}/d-many.service.d/{i:03}.conf", D + f"A={i} V{i % 50}={i}\n")

# Where the unit file is: precedence, masks, aliases, links, templates.
for where, value in ((LOCAL, "etc"), (RUN, "run"), ("/usr/local/lib/systemd/system", "local"), (USR, "usr")):
    service("p-first", f"Environment=FROM={value}\n", where, add=value == "etc")
for where, value in ((RUN, "run"), (USR, "usr")):
    service("p-second", f"Environment=FROM={value}\n", where, add=value == "run")
service("p-control", "Environment=FROM=etc\n")
service("p-control", "Environment=FROM=control\n", "/etc/systemd/system.control", add=False)
service("m-null", "Environment=A=1\n", USR)
link(f"{LOCAL}/m-null.service", "/dev/null")
service("m-empty", "Environment=A=1\n", USR)
put(f"{LOCAL}/m-empty.service", "")
service("a-main", "Environment=N=%n\n", USR)
link(f"{LOCAL}/a-alias.service", f"{USR}/a-main.service")
put(f"{LOCAL}/a-alias.service.d/x.conf", D + "FROM_ALIAS_DIR=1 WHO=alias\n")
put(f"{LOCAL}/a-main.service.d/x.conf", D + "WHO=main M=%N\n")
link(f"{LOCAL}/a-second.service", "a-alias.service")
put(f"{LOCAL}/a-second.service.d/y.conf", D + "SECOND=1\n")
put("/opt/units/l-linked.service", "[Service]\nType=oneshot\nExecStart=/unit_show l-linked.service\nEnvironment=A=linked N=%N Y=%y\n")
link(f"{LOCAL}/l-linked.service", "/opt/units/l-linked.service")
units.append("l-linked.service")
link(f"{LOCAL}/s-self.service", f"{USR}/s-self.service")
service("s-self", "Environment=FROM=usr\n", USR)
link(f"{LOCAL}/x-dangling.service", "/opt/units/none.service")
units.append("x-dangling.service")
link(f"{LOCAL}/x-loop-a.service", "x-loop-b.service")
link(f"{LOCAL}/x-loop-b.service", "x-loop-a.service")
units.append("x-loop-a.service")
units.append("x-absent.service")
service("t-x@", "Environment=N=%n NN=%N P=%p I=%i II=%I J=%j F=%f\nEnvironmentFile=-/etc/env/%i\n", show="%n", add=False)
units += ["t-x@one.service", "t-x@a-b\\x2dc.service"]
put(f"{LOCAL}/t-x@.service.d/x.conf", D + "TEMPLATE_DIR=1\n")
put(f"{LOCAL}/t-x@one.service.d/y.conf", D + "INSTANCE_DIR=%i\n")
put(f"{LOCAL}/t-.service.d/z.conf", D + "SHORT_DIR=1\n")
put(f"{LOCAL}/t-@.service.d/z2.conf", D + "SHORT_TEMPLATE_DIR=1\n")
put(f"{LOCAL}/t-@one.service.d/z3.conf", D + "SHORT_INSTANCE_DIR=1\n")
service("t-x@special", "Environment=SPECIAL=%i\n", add=False)
units.append("t-x@special.service")
link(f"{LOCAL}/t-alias@.service", "t-x@.service")
put(f"{LOCAL}/t-alias@.service.d/q.conf", D + "ALIAS_TEMPLATE_DIR=1\n")
# Only on a running system are these known.
service("live", "Environment=A=%b B=%v C=%a\n")
put("/etc/machine-info", 'PRETTY_HOSTNAME="The seventh"\n')

print("\n".join(units))
