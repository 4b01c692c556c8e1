# SPDX-License-Identifier: GPL-2.0-only
"""Nodes with something wrong, for remedies.py: what is found, and what the unit gets once all was pasted."""

LINK = "-> "
ENV = "etc/default/rke2-agent"
SYSCONFIG = "etc/sysconfig/rke2-agent"
DROP_IN = "etc/systemd/system/rke2-agent.service.d/proxy.conf"
RELAY = "http://relay.corp:3128"
SECRET = "http://svc:pa%40secret@relay.corp:3128"
ALL = "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,.svc,.cluster.local"
WANTS = "etc/systemd/system/multi-user.target.wants/"
CASES = {}


def unit(program, *loads):
    return (f"[Unit]\nDescription=x\n[Service]\nType=notify\n" + "".join(f"EnvironmentFile=-{path}\n" for path in loads) +
            f"ExecStart=/usr/local/bin/{program}\n[Install]\nWantedBy=multi-user.target\n")


def rke2(role):
    lib = "usr/local/lib/systemd/system/"
    files = {f"{lib}rke2-{r}.service": unit(f"rke2 {r}", "/etc/default/%N", "/etc/sysconfig/%N", f"/{lib}%N.env")
             for r in ["agent", "server"]}
    files[f"{lib}rke2-{role}.env"] = "HOME=/root\n"
    files["etc/default/grub"] = "GRUB_TIMEOUT=1\n"
    files[f"{WANTS}rke2-{role}.service"] = f"{LINK}/{lib}rke2-{role}.service"
    return files


def case(name, finds, files, relay=RELAY, says=None, pasted=False, new="", base=None, unit_name="rke2-agent", variable="HTTPS_PROXY", prefix="",
         **also):
    """relay: what `variable` is to be; says: no command is certain, and the remedy says this instead (pasted: beside them;
    new: the variable that arrives, though not as it has to be)."""
    CASES[name] = {"finds": finds.split(), "files": {**(rke2("agent") if base is None else base), **files}, "says": says,
                   "pasted": pasted, "new": new,
                   "wanted": {variable: relay, **also}, "unit": unit_name + ".service", "prefix": prefix}


def service(text):
    return f"[Service]\n{text}\n"


# The classic: containerd alone has a relay.  In env files as people write them ...
case("scope", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\n"})
case("scope-secret", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY='{SECRET}'\nCONTAINERD_NO_PROXY='10.0.0.0/8'"}, SECRET)
case("scope-crlf", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={SECRET}\r\nCONTAINERD_NO_PROXY=10.0.0.0/8\r\n"}, SECRET)
case("scope-blanks", "containerd-scope", {ENV: f'  CONTAINERD_HTTPS_PROXY = "{RELAY}"   \n CONTAINERD_NO_PROXY = 10.0.0.0/8, .corp\n'})
case("scope-continued", "containerd-scope",
     {ENV: f"CONTAINERD_HTTPS_PROXY={SECRET}\nCONTAINERD_NO_PROXY=10.0.0.0/8,\\\n.svc,\\\n.cluster.local\n"}, SECRET,
     CONTAINERD_NO_PROXY="10.0.0.0/8,.svc,.cluster.local")
case("scope-continued-quotes", "containerd-scope", {ENV: f'CONTAINERD_HTTPS_PROXY={RELAY}\nCONTAINERD_NO_PROXY="10.0.0.0/8,\n.svc"\n'})
case("scope-continued-url", "containerd-scope", {ENV: "CONTAINERD_HTTPS_PROXY=http://svc:secret@\\\nrelay.corp:3128\nHOME=/root\n"},
     "http://svc:secret@relay.corp:3128", HOME="/root")
case("scope-link", "containerd-scope", {ENV: f"{LINK}../proxy.env", "etc/proxy.env": f"CONTAINERD_HTTPS_PROXY={RELAY}\n"})
case("scope-empty-later", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nHTTPS_PROXY=\nNO_PROXY=\n"})
case("scope-empty-elsewhere", "containerd-scope",
     {ENV: f"CONTAINERD_HTTPS_PROXY={SECRET}\n", SYSCONFIG: 'HTTPS_PROXY=""\nNO_PROXY=\n'}, SECRET)
case("scope-wide", "containerd-scope no-relay-match", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nNO_PROXY=*\n"})
case("scope-hash", "containerd-scope value-misread", {ENV: 'CONTAINERD_HTTPS_PROXY="http://svc:se#cret@relay.corp:3128"\n'},
     "http://svc:se%23cret@relay.corp:3128", CONTAINERD_HTTPS_PROXY="http://svc:se%23cret@relay.corp:3128")
case("scope-and-wide-list", "containerd-scope",
     {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nRKE2_TOKEN_FILE=/etc/tok\nCONTAINERD_NO_PROXY=10.0.0.0/8,registry.suse.com\n"})
case("scope-env-d", "containerd-scope", {"etc/rke2.d/a.env": f"CONTAINERD_HTTPS_PROXY={SECRET}\n",
     "usr/local/lib/systemd/system/rke2-agent.service": unit("rke2 agent", "/etc/rke2.d/*.env")}, SECRET)
case("scope-data-dir", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\n", "etc/rancher/rke2/config.yaml": "data-dir: /data/rke2\n"},
     says="into /data/rke2/agent/images/ before", pasted=True)
# ... and in unit files and drop-ins, where a % is %%.
case("scope-drop-in", "containerd-scope", {DROP_IN: service(
    f'Environment="CONTAINERD_HTTPS_PROXY={RELAY}"\nEnvironment="CONTAINERD_NO_PROXY=10.0.0.0/8"')})
case("scope-drop-in-secret", "containerd-scope", {DROP_IN: service(
    f"Environment=CONTAINERD_HTTPS_PROXY={SECRET.replace('%', '%%')} 'CONTAINERD_NO_PROXY=10.0.0.0/8, .corp' X=1")}, SECRET, X="1")
case("scope-drop-in-joined", "containerd-scope", {DROP_IN: service(
    f'Environment="A=b" \\\n  CONTAINERD_HTTPS_PROXY={SECRET.replace("%", "%%")} \\\n  "C=d"')}, SECRET, A="b", C="d")
case("scope-unit-file", "containerd-scope", {"etc/systemd/system/rke2-agent.service": unit("rke2 agent", "/etc/default/%N").replace(
    "Type=notify", f'Environment="CONTAINERD_HTTPS_PROXY={SECRET.replace("%", "%%")}"')}, SECRET)
case("scope-drop-in-empty", "containerd-scope", {DROP_IN: service(f'Environment="CONTAINERD_HTTPS_PROXY={RELAY}"'),
                                                 SYSCONFIG: "HTTPS_PROXY=\n"})
case("unread-drop-in", "name-unread", {DROP_IN: service(f'Environment="Https_Proxy={RELAY}"')})
case("scheme-drop-in", "scheme-uncovered", {DROP_IN: service(f'Environment="HTTP_PROXY={RELAY}" "NO_PROXY=10.0.0.0/8,.svc"')})
case("scheme-percent", "scheme-uncovered", {ENV: "HTTP_PROXY=http://svc:se%cret@relay.corp:3128\n"},
     "http://svc:se%25cret@relay.corp:3128")

# The line is ignored.
EXPORT = f'export HTTP_PROXY="{RELAY}"\nexport HTTPS_PROXY="{SECRET}"\n'
case("export", "env-file-invalid", {ENV: EXPORT + 'export NO_PROXY="10.0.0.0/8,.svc"\n'}, SECRET)
case("export-wide", "env-file-invalid", {ENV: EXPORT + "export NO_PROXY=*\n"}, SECRET)
case("export-no-list", "env-file-invalid", {ENV: EXPORT}, SECRET)
case("export-hash", "env-file-invalid", {ENV: "export HTTPS_PROXY=http://svc:se#cret@relay.corp:3128\n"}, "http://svc:se%23cret@relay.corp:3128")
case("colon", "env-file-invalid", {ENV: f"HTTPS_PROXY: {RELAY}\n"})
case("set", "env-file-invalid", {ENV: f"set HTTPS_PROXY={RELAY}\nset NO_PROXY=.corp\n"})
case("quoted-line", "env-file-invalid", {ENV: f'"HTTPS_PROXY={RELAY}"\n'})
case("bom", "env-file-invalid", {ENV: b"\xef\xbb\xbfHTTPS_PROXY=" + RELAY.encode() + b"\nNO_PROXY=10.0.0.0/8\n"})
case("swallowed-quote", "env-file-invalid", {ENV: f'FOO="bar\nHTTPS_PROXY={RELAY}\nNO_PROXY={ALL}\n'}, says="close the quote in the line that opens it")
case("swallowed-list", "env-file-invalid", {ENV: f"NO_PROXY={ALL},\\\nHTTPS_PROXY={RELAY}\n"}, says="take the backslash at the end")
case("comment-continued", "env-file-invalid", {ENV: f"# the relay \\\nHTTPS_PROXY={RELAY}\n"})
case("not-utf8", "env-file-invalid", {ENV: b"HTTPS_PROXY=" + RELAY.encode() + b"\nFOO=caf\xe9\n"})
case("nul", "env-file-invalid", {ENV: b"HTTPS_PROXY=" + RELAY.encode() + b"\nFOO=a\0b\n"})
case("specifier", "env-file-invalid", {DROP_IN: service(f"Environment=HTTP_PROXY={SECRET} HTTPS_PROXY={SECRET}")}, SECRET)
case("no-section", "env-file-invalid", {DROP_IN: f"Environment=HTTPS_PROXY={RELAY}\nEnvironment=NO_PROXY=.corp\n"})
case("wrong-section", "env-file-invalid", {DROP_IN: f"[Unit]\nEnvironment=HTTPS_PROXY={RELAY}\nDescription=y\n"})
case("no-equals", "env-file-invalid", {ENV: "HTTPS_PROXY http://relay.corp:3128\n"}, says="write the line as HTTPS_PROXY=VALUE")
case("bad-quoting", "env-file-invalid", {DROP_IN: service(f'Environment="HTTPS_PROXY={RELAY}')}, says='Environment="HTTPS_PROXY=VALUE"')

# The file is not loaded, or a later line wins.
case("etc-environment", "env-file-unloaded", {"etc/environment": f"HTTPS_PROXY={SECRET}\nNO_PROXY=10.0.0.0/8\n"}, SECRET)
case("etc-environment-wide", "env-file-unloaded", {"etc/environment": f'HTTPS_PROXY="{SECRET}"\nNO_PROXY="docker.io,.corp"\n'}, SECRET)
case("etc-default-rke2", "env-file-unloaded", {"etc/default/rke2": f"HTTPS_PROXY={RELAY}\n"})
case("empty-later", "env-file-unloaded", {ENV: f"HTTPS_PROXY={RELAY}\nHTTPS_PROXY=''\n"})
case("empty-elsewhere", "env-file-unloaded", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY=.svc\n", SYSCONFIG: "HTTPS_PROXY=\n"})
case("unset", "env-file-unloaded", {ENV: f"HTTPS_PROXY={RELAY}\n", DROP_IN: service("UnsetEnvironment=HTTP_PROXY HTTPS_PROXY")})
case("reset-loads", "env-file-unloaded", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY=.svc\n", DROP_IN: service("EnvironmentFile=")})
case("reset", "env-file-unloaded", {DROP_IN: service(f"Environment=HTTPS_PROXY={SECRET.replace('%', '%%')}"),
                                    DROP_IN.replace("proxy", "z"): service("Environment=")}, SECRET)

AGENT = {"etc/systemd/system/rancher-system-agent.service": unit("rancher-system-agent sentinel", "/etc/default/%N", "/etc/sysconfig/%N",
                                                                 "/etc/systemd/system/rancher-system-agent.env"),
         f"{WANTS}rancher-system-agent.service": f"{LINK}/etc/systemd/system/rancher-system-agent.service"}
GOOD = f"HTTPS_PROXY={SECRET}\nNO_PROXY={ALL}\n"

# What is added arrives, whatever the file ends in.
for i, end in enumerate(["X=1 \\", "X=1 \\\n", '# last \\', "# last \\\n", "X=1", 'FOO="bar', 'FOO="bar\nY=1\n']):
    case(f"end-scope-{i}", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={SECRET}\n{end}"}, SECRET)
    case(f"end-list-{i}", "cluster-via-relay", {ENV: f"HTTPS_PROXY={SECRET}\n{end}"}, SECRET)
    case(f"end-list-drop-in-{i}", "cluster-via-relay", {ENV: end, DROP_IN: service(f"Environment=HTTPS_PROXY={SECRET.replace('%', '%%')}")}, SECRET)
    if "FOO" not in end:
        case(f"end-copy-{i}", "env-file-unloaded", {ENV: end, "etc/environment": f"HTTPS_PROXY={SECRET}\n"}, SECRET)
        case(f"end-agent-{i}", "relay-missing", {**AGENT, ENV: GOOD, "etc/default/rancher-system-agent": end}, SECRET,
             unit_name="rancher-system-agent")
case("open-list", "cluster-via-relay", {ENV: f'HTTPS_PROXY="{RELAY}'})
case("open", "value-dropped", {ENV: f'HTTPS_PROXY="{RELAY}\nNO_PROXY=.svc\n'}, says="close the quote")
case("open-last", "value-dropped", {ENV: f'HTTPS_PROXY="{RELAY}\n'}, says="close the quote")
case("open-scope", "containerd-scope", {ENV: f'CONTAINERD_HTTPS_PROXY="{RELAY}'}, says="close the quote")
case("open-own", "env-file-unloaded", {ENV: 'CONTAINERD_NO_PROXY=".svc\n', "etc/environment": f"HTTPS_PROXY={RELAY}\n"}, says="close the quote")
case("continued-elsewhere", "env-file-unloaded", {"etc/environment": f"HTTPS_PROXY={RELAY[:15]}\\\n{RELAY[15:]}\nNO_PROXY=.corp\n"})
case("continued-profile", "env-file-unloaded", {"etc/profile.d/proxy.sh": f"export HTTPS_PROXY={RELAY[:15]}\\\n{RELAY[15:]}\n"}, says="write HTTPS_PROXY=...")
case("docker-no-env-file", "env-file-unloaded", {"usr/local/lib/systemd/system/rke2-agent.service": unit("rke2 agent"),
     "etc/systemd/system/docker.service.d/p.conf": service(f"Environment=HTTPS_PROXY={SECRET.replace('%', '%%')}")}, SECRET)

# The value.
for mark, code in [("#", "23"), ("/", "2F"), ("?", "3F"), ("^", "5E"), ("{", "7B"), ("|", "7C"), (" ", "20")]:
    rule = "value-misread"
    case(f"mark-{code}", rule, {ENV: f'HTTPS_PROXY="http://svc:se{mark}cr{mark}et@relay.corp:3128"\nNO_PROXY=.corp\n'},
         f"http://svc:se%{code}cr%{code}et@relay.corp:3128")
case("mark-percent", "value-dropped", {ENV: "HTTPS_PROXY=http://svc:100%@relay.corp:3128\n"}, "http://svc:100%25@relay.corp:3128")
case("mark-many", "value-dropped", {ENV: "HTTPS_PROXY='http://svc:s%e#c/r?e%40t{@relay.corp:3128'\n"},
     "http://svc:s%25e%23c%2Fr%3Fe%40t%7B@relay.corp:3128")
case("domain-user", "value-misread", {ENV: r"HTTPS_PROXY=http://CORP\\svc:secret@relay.corp:3128" + "\n"},
     "http://CORP%5Csvc:secret@relay.corp:3128")
case("mark-drop-in", "value-misread", {DROP_IN: service('Environment="HTTPS_PROXY=http://svc:se#cret@relay.corp:3128" "HTTP_PROXY=http://svc:se#cret@relay.corp:3128"')},
     "http://svc:se%23cret@relay.corp:3128")
case("percent-drop-in", "value-dropped", {DROP_IN: service("Environment=HTTPS_PROXY=http://svc:se%%cret@relay.corp:3128")},
     "http://svc:se%25cret@relay.corp:3128")
case("mark-containerd", "value-misread", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY={ALL}\nCONTAINERD_HTTPS_PROXY=http://svc:se#cret@relay.corp:3128\n"},
     CONTAINERD_HTTPS_PROXY="http://svc:se%23cret@relay.corp:3128")
case("comment", "value-misread", {ENV: "HTTPS_PROXY=relay.corp:3128 # the relay\nHTTP_PROXY=relay.corp:3128\n"}, "relay.corp:3128")
case("quotes", "value-misread", {ENV: "HTTPS_PROXY='\"" + RELAY + "\"'\n"})
case("quotes-escaped", "value-misread", {ENV: 'HTTPS_PROXY=\\"' + RELAY + '\\"\n'})
case("space-before", "value-dropped", {ENV: f'HTTPS_PROXY=" {RELAY}"\n'})
case("space-behind", "value-misread", {ENV: f'HTTPS_PROXY="{RELAY} "\n'})
case("cr", "value-dropped", {ENV: f'HTTPS_PROXY="{RELAY}\r"\n'})
for wrong, right in [("http//", "http://"), ("http:/", "http://"), ("htpp://", "http://"), ("http:", "http://"), ("http://http://", "http://"),
                     ("http;//", "http://"), (r"http:\\\\", "http://"), ("https//", "https://")]:
    case(f"scheme-{wrong}", "value-misread", {ENV: f"HTTPS_PROXY={wrong}relay.corp:3128\n"}, f"{right}relay.corp:3128")
case("scheme-typed-drop-in", "value-misread", {DROP_IN: service("Environment=HTTPS_PROXY=htpp://relay.corp:3128")})
case("dollar", "value-misread", {ENV: "PROXY=http://relay.corp:3128\nHTTPS_PROXY=$PROXY\n"}, says="nothing expands $NAME")
case("socks4", "value-misread", {ENV: "HTTPS_PROXY=socks4://relay.corp:3128\n"}, says="http://, https:// and socks5://")
case("scheme-two", "value-misread", {ENV: "HTTPS_PROXY=http://https://relay.corp:3128\n"}, says="write http://HOST:PORT")
# It swallowed another assignment, or another relay: no command is sure to part them.
for place, text, where in [("drop-in", "Environment=\"{}\"", DROP_IN), ("env", "{}", ENV)]:
    for what, more in [("no", " NO_PROXY=.svc,10.0.0.0/8"), ("relay", " http://relay2.corp:3128")]:
        for user in ["", "svc:secret@"]:
            line = text.format(f"HTTPS_PROXY=http://{user}relay.corp:3128{more.replace('//', '//' + user)}") + "\n"
            case(f"swallowed-{what}-{place}-{len(user)}", "value-misread", {where: line if where == ENV else service(line)},
                 says="write http://HOST:PORT")
case("swallowed-containerd", "containerd-scope value-misread", {DROP_IN: service(
    f'Environment="CONTAINERD_HTTPS_PROXY={RELAY} CONTAINERD_NO_PROXY=.svc"')}, says="quotes of its own")
case("swallowed-export", "env-file-invalid", {ENV: f"export HTTPS_PROXY={RELAY} NO_PROXY=.svc\n"}, says="a line of its own", new="HTTPS_PROXY")
for user in ["", "svc:secret@"]:
    case(f"two-relays-{len(user)}", "value-misread", {ENV: f"HTTPS_PROXY=http://{user}relay.corp:3128,http://{user}relay2.corp:3128\n"},
         says="write one http://HOST:PORT" if not user else "write http://HOST:PORT")
case("host-blank", "value-misread", {ENV: "HTTPS_PROXY=http://relay corp:3128\n"}, says="without quotes or spaces")

# The list.
case("list-all", "no-relay-match", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY=*\n"})
case("list-domain", "no-relay-match", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY='docker.io , .corp,.docker.io'\n"})
case("list-drop-in", "no-relay-match", {DROP_IN: service(f'Environment="HTTPS_PROXY={RELAY}" "NO_PROXY=10.0.0.0/8,docker.io"')})
case("list-continued", "no-relay-match", {ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY=10.0.0.0/8,\\\ndocker.io,\\\n.corp\nX=1\n"}, X="1")
case("two-lists", "containerd-scope no-relay-match",
     {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nRKE2_TOKEN_FILE=/etc/tok\nCONTAINERD_NO_PROXY=10.0.0.0/8,docker.io\n"})
case("scope-list-beside", "containerd-scope no-relay-match", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nNO_PROXY=docker.io,.corp\n"})
case("scope-list-all", "containerd-scope no-relay-match", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nCONTAINERD_NO_PROXY=*\n"})
case("both-lists", "no-relay-match",
     {ENV: f"HTTPS_PROXY={RELAY}\nCONTAINERD_NO_PROXY=10.0.0.0/8,docker.io\nNO_PROXY={ALL},docker.io\n"})
case("mark-both", "value-misread", {ENV: "HTTPS_PROXY=http://svc:se#cret@relay.corp:3128\n"
                                         "CONTAINERD_HTTPS_PROXY=http://svc:se#cret@other.corp:3128\nNO_PROXY=.corp\n"},
     "http://svc:se%23cret@relay.corp:3128", CONTAINERD_HTTPS_PROXY="http://svc:se%23cret@other.corp:3128")
case("scope-and-narrow", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={RELAY}\nCONTAINERD_NO_PROXY=.corp\n"})

# Other units.
K3S = {"etc/systemd/system/k3s.service": unit("k3s server", "/etc/default/%N", "/etc/sysconfig/%N", "/etc/systemd/system/k3s.service.env"),
       f"{WANTS}k3s.service": f"{LINK}/etc/systemd/system/k3s.service", "etc/default/grub": ""}
case("k3s-scheme", "scheme-uncovered", {"etc/systemd/system/k3s.service.env": f"HTTP_PROXY={SECRET}\nNO_PROXY=.svc\n"}, SECRET,
     base=K3S, unit_name="k3s")
case("k3s-export", "env-file-invalid", {"etc/default/k3s": f"export HTTPS_PROXY={SECRET}\n"}, SECRET, base=K3S, unit_name="k3s")
case("k3s-drop-in", "no-relay-match", {"etc/systemd/system/k3s.service.d/p.conf": service(
    f"Environment=HTTPS_PROXY={RELAY}\nEnvironment=NO_PROXY=docker.io,.corp")}, base=K3S, unit_name="k3s")
case("agent-from-env-file", "relay-missing", {**AGENT, ENV: GOOD}, SECRET, unit_name="rancher-system-agent")
case("agent-from-drop-in", "relay-missing", {**AGENT, DROP_IN: service(f"Environment='HTTPS_PROXY={SECRET.replace('%', '%%')}' NO_PROXY={ALL}")},
     SECRET, unit_name="rancher-system-agent")
case("agent-without-env-file", "relay-missing", {**AGENT, ENV: f"HTTPS_PROXY={RELAY}\nNO_PROXY={ALL}\n",
     "etc/systemd/system/rancher-system-agent.service": unit("rancher-system-agent sentinel")}, unit_name="rancher-system-agent")
case("agent-overridden", "no-relay-match relay-missing", {**AGENT, ENV: "HTTPS_PROXY=http://old:1\nNO_PROXY=.svc\n",
     SYSCONFIG: f"HTTPS_PROXY={RELAY}\nNO_PROXY=.svc,docker.io\n"}, unit_name="rancher-system-agent")
case("server-ranges", "containerd-scope", {"etc/default/rke2-server": f"CONTAINERD_HTTPS_PROXY={RELAY}\nCONTAINERD_NO_PROXY=.corp\n",
     "etc/rancher/rke2/config.yaml": "cluster-cidr: 100.64.0.0/16\nservice-cidr: 100.65.0.0/16,fd00::/112\n"}, base=rke2("server"),
     unit_name="rke2-server", NO_PROXY=f".corp,{ALL},100.64.0.0/16,100.65.0.0/16,fd00::/112")

# Where no unit looks.
case("profile", "env-file-unloaded", {"etc/profile.d/proxy.sh": f'export HTTPS_PROXY="{SECRET}"; export NO_PROXY="10.0.0.0/8,.corp"\n'}, SECRET)
case("docker-drop-in", "env-file-unloaded", {"etc/systemd/system/docker.service.d/http-proxy.conf": service(
    f'Environment="HTTPS_PROXY={SECRET.replace("%", "%%")}" "NO_PROXY=10.0.0.0/8,docker.io"')}, SECRET)
# A password with what is legal in it, and ends a value for others: it arrives whole, from wherever it is copied.
for mark, odd in [(";", "http://svc:se;cret@relay.corp:3128"), ("'", "http://svc:se'cret@relay.corp:3128")]:
    for name, path in [("environment", "etc/environment"), ("rpmsave", f"{ENV}.rpmsave")]:
        for i, text in enumerate([f"HTTPS_PROXY={odd}\n", f"export HTTPS_PROXY={odd}\n", f'HTTPS_PROXY="{odd}"\nNO_PROXY=".corp, .svc"\n']):
            case(f"odd-{mark}-{name}-{i}", "env-file-unloaded", {path: text}, odd)
    case(f"odd-{mark}-profile", "env-file-unloaded", {"etc/profile.d/proxy.sh": f'export HTTPS_PROXY="{odd}" # mine\n'}, odd)
    case(f"odd-{mark}-profile-two", "env-file-unloaded", {"etc/profile.d/proxy.sh": f'HTTPS_PROXY="{odd}"; export HTTPS_PROXY\n'}, odd)
    for i, quoted in enumerate(['"HTTPS_PROXY={}" "NO_PROXY=10.0.0.0/8, .corp"', 'HTTPS_PROXY="{}" X=1', 'X=1 "HTTPS_PROXY={}" \\\n  "Y=2"']):
        line = f"Environment={quoted.format(odd)}"
        case(f"odd-{mark}-docker-{i}", "env-file-unloaded", {"etc/systemd/system/docker.service.d/p.conf": service(line)}, odd)
        case(f"odd-{mark}-reset-{i}", "env-file-unloaded", {DROP_IN: service(f"{line}\nEnvironment=")}, odd)
        case(f"odd-{mark}-scope-{i}", "containerd-scope", {DROP_IN: service(line.replace("HTTPS", "CONTAINERD_HTTPS"))}, odd,
             CONTAINERD_HTTPS_PROXY=odd)
    case(f"odd-{mark}-scope-env", "containerd-scope", {ENV: f"CONTAINERD_HTTPS_PROXY={odd}\n"}, odd, CONTAINERD_HTTPS_PROXY=odd)
    case(f"odd-{mark}-agent", "relay-missing", {**AGENT, DROP_IN: service(f'Environment="HTTPS_PROXY={odd}" NO_PROXY={ALL}')}, odd,
         unit_name="rancher-system-agent")
case("odd-profile-single", "env-file-unloaded", {"etc/profile.d/proxy.sh": "export HTTPS_PROXY='http://svc:se;cret@relay.corp:3128'; X=1\n"},
     "http://svc:se;cret@relay.corp:3128")
# A " is not legal there, and whether it was meant nobody can see.
case("quote-within", "value-misread", {ENV: 'HTTPS_PROXY=http://svc:se"cret@relay.corp:3128\n'}, says="as %22")
case("quote-within-drop-in", "value-misread", {DROP_IN: service(r'Environment="HTTPS_PROXY=http://svc:se\"cret@relay.corp:3128"')}, says="as %22")
case("quote-within-scope", "containerd-scope value-misread", {ENV: 'CONTAINERD_HTTPS_PROXY=http://svc:se"cret@relay.corp:3128\n'}, says="as %22")
case("quotes-around-secret", "value-misread", {ENV: "HTTPS_PROXY='\"http://svc:secret@relay.corp:3128\"'\n"}, "http://svc:secret@relay.corp:3128")
case("quotes-around-secret-drop-in", "value-misread", {DROP_IN: service(r'Environment="HTTPS_PROXY=\"http://svc:secret@relay.corp:3128\""')},
     "http://svc:secret@relay.corp:3128")
case("drop-in-misnamed", "env-file-unloaded", {"etc/systemd/system/rke2-agent.service.d/http-proxy": service(f"Environment=HTTPS_PROXY={RELAY}")})
case("server-both-lists", "containerd-scope no-relay-match", {"etc/default/rke2-server": f"CONTAINERD_HTTPS_PROXY={RELAY}\nNO_PROXY={ALL}\nno_proxy=docker.io,.corp\n"},
     base=rke2("server"), unit_name="rke2-server", no_proxy=".corp")
