"""Hostile values, secrets, and output that a terminal would obey."""

import base64
import hashlib
import json
import os

from .case import collector
from .rig import claim, equal, outcomes, outputs

CASES = []
case = collector(CASES)

# What a person, an alert or another program may hand over. Each must arrive unchanged.
VALUES = [
    "", " ", "  two  blanks  ", "'", '"', "''\"\"", "`id`", "$(id)", "${HOME}", "$HOME", "$1", "$$",
    "\\", "\\n", "a\\", "a\nb", "\n", "a\n", "\na", "\r\n", "\t", "; rm -rf /", "| cat", "&& true",
    "> /tmp/x", "< /dev/null", "*", "?", "[a-z]", "~", "~root", "!!", "#", "%s%n%x", "%00",
    "-n", "-e", "--help", "--", "-", "-rf", "=", "a=b", "{{ name }}", "$name", "$$name", "@file",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x01\x02\x7f", "\u202etxet", "\u00e4\u00f6\u00fc\u20ac",
    "e\u0301", "\U0001f600", "\ufeff", "EOF", "null", "true", "0x10", "1e5", "x" * 4096,
]
WAYS = ("sh", "bash", "python3")
SCRIPTS = {
    # Fingerprints of all arguments, of all environment values, and of standard input.
    "sh": """#!/bin/sh
print() { printf '%s' "$1" | sha256sum | cut -c 1-8; }
list=
for value in "$@"; do list=$list,$(print "$value"); done
printf 'arguments=%s\\n' "$list" >>"$HANDRAIL_OUTPUT"
list=
for number in $COUNT; do
    eval "value=\\$v$number"
    list=$list,$(print "$value")
done
printf 'environment=%s\\n' "$list" >>"$HANDRAIL_OUTPUT"
printf 'input=%s\\n' "$(sha256sum | cut -c 1-8)" >>"$HANDRAIL_OUTPUT"
""",
    "python3": """#!/usr/bin/python3
import hashlib, os, sys
def mark(data):
    return hashlib.sha256(data).hexdigest()[:8]
names = os.environ["COUNT"].split()
with open(os.environ["HANDRAIL_OUTPUT"], "w") as out:
    print("arguments=" + "".join("," + mark(os.fsencode(v)) for v in sys.argv[1:]), file=out)
    print("environment=" + "".join("," + mark(os.environb[b"v" + n.encode()]) for n in names), file=out)
    print("input=" + mark(sys.stdin.buffer.read()), file=out)
""",
}
SCRIPTS["bash"] = SCRIPTS["sh"].replace("#!/bin/sh", "#!/bin/bash")


def fingerprint(value):
    return hashlib.sha256(value.encode()).hexdigest()[:8]


def write_echo(library):
    """A runbook that takes every value as argument and environment, and one as standard input."""
    names = [f"v{number:02}" for number in range(len(VALUES))]
    lines = [
        "handrail: 1", "id: rig.echo", "title: Gives back what it is given", "kind: resolution",
        "owner: rig", "run_as: root", "parameters:",
    ]
    lines += [f"  {name}: {{ type: string, description: A value }}" for name in names]
    lines += ["steps:"]
    for way in WAYS:
        for number in range(0, len(names), 8):
            part = names[number:number + 8]
            given = ", ".join(f"{name}: ${name}" for name in part)
            lines += [
                f"  - id: {way}-{number:02}",
                "    effect: read",
                f"    run: {{ script: scripts/{way}, args: [{', '.join('$' + n for n in part)}],"
                f" stdin: ${part[-1]} }}",
                f"    with: {{ {given}, count: '{' '.join(n[1:] for n in part)}' }}",
                "    outputs: { arguments: string, environment: string, input: string }",
            ]
    folder = "runbooks/echo"
    library.make(f"{folder}/runbook.yaml", "\n".join(lines) + "\n")
    for way, text in SCRIPTS.items():
        library.make(f"{folder}/scripts/{way}", text.replace("COUNT", "count"))
        os.chmod(os.path.join(library.path, folder, "scripts", way), 0o755)
    return names


@case("hostile values arrive unchanged in sh, bash and python3, by argument, environment, stdin",
      "hub02")
def hostile_values(rig):
    library = rig.copy(rig.little, "echo")
    names = write_echo(library)
    library.commit("Echo")
    given = json.dumps(dict(zip(names, VALUES))).encode()
    done = rig.handrail(
        "run", "rig.echo", "--on", "hub02", "--params", "-", "--yes", "--json", library=library,
        given=given).exits(0)
    document, wrong = done.document(), []
    for way in WAYS:
        for number in range(0, len(names), 8):
            part = VALUES[number:number + 8]
            found = outputs(document, "hub02", f"{way}-{number:02}")
            wanted = "".join("," + fingerprint(value) for value in part)
            for kind in ("arguments", "environment"):
                for value, mark in zip(part, found[kind].split(",")[1:]):
                    if mark != fingerprint(value):
                        wrong.append(f"{way} {kind} {value[:40]!r}")
                claim(wrong or found[kind] == wanted, f"{way} {kind}: {found[kind]}")
            if found["input"] != fingerprint(part[-1]):
                wrong.append(f"{way} standard input {part[-1][:40]!r}")
    claim(not wrong, f"{len(wrong)} values were changed: {'; '.join(wrong[:12])}")


@case("hostile values on the command line arrive unchanged", "hub02")
def hostile_command_line(rig):
    library = rig.copy(rig.little, "echo-argv")
    names = write_echo(library)
    library.commit("Echo")
    values = [value if len(value) < 100 else value[:100] for value in VALUES]
    sets = [word for name, value in zip(names, values) for word in ("--set", f"{name}={value}")]
    done = rig.handrail(
        "plan", "rig.echo", "--on", "hub02", "--json", "--no-probe", *sets, library=library
    ).exits(0)
    found = {each["name"]: each["text"] for each in done.document()["plan"]["parameters"]}
    for name, value in zip(names, values):
        equal(found[name], value, f"--set {name}")


@case("NUL, no UTF-8, and too much are refused, all at once, and nothing starts", "hub02")
def refused_values(rig):
    library = rig.copy(rig.little, "echo-refused")
    names = write_echo(library)
    library.commit("Echo")
    given = dict(zip(names, VALUES))
    given.update(v00="a\0b", v01="x" * 1_048_577, v02="x" * 4097, unknown_one="x")
    before = rig.runs()
    done = rig.handrail(
        "run", "rig.echo", "--on", "hub02", "--params", "-", "--yes", "--json", library=library,
        given=json.dumps(given).encode()).exits(3)
    text = json.dumps(done.document()["error"]["diagnostics"])
    for name in ("v00", "v01", "v02", "unknown_one"):
        claim(name in text, f"{name} is not among the problems: {text[:600]}")
    bad = b'{"v00": "\xff\xfe"}'
    rig.handrail(
        "run", "rig.echo", "--on", "hub02", "--params", "-", "--yes", library=library, given=bad
    ).exits(3)
    equal(rig.runs(), before, "runs")


@case("64 KiB arrive, by standard input and as an argument, and 1 MiB is refused", "hub02")
def large_values(rig):
    library = rig.copy(rig.little, "large")
    library.make("runbooks/large/runbook.yaml", """handrail: 1
id: rig.large
title: Takes much
kind: resolution
owner: rig
parameters:
  v: { type: string, max_length: 65536, description: Much }
steps:
  - id: take
    effect: read
    outputs: { read: string, argument: string }
    run:
      sh: 'printf "read=%s\\nargument=%s\\n" "$(wc -c)" "${#1}" >>"$HANDRAIL_OUTPUT"'
      args: [$v]
      stdin: $v
""")
    library.commit("Large values")
    command = ("run", "rig.large", "--on", "hub02", "--params", "-", "--yes", "--json")
    given = json.dumps({"v": "x" * 65_536}).encode()
    done = rig.handrail(*command, library=library, given=given).exits(0)
    equal(outputs(done.document(), "hub02", "take"), {"read": "65536", "argument": "65536"},
          "what arrived")
    given = json.dumps({"v": "x" * 1_048_576}).encode()
    rig.handrail(*command, library=library, given=given).exits(3)


@case("a secret is nowhere but on the target", "hub02")
def secrets(rig):
    secret = "Rig-9f$'\"\\ secret-Ü-word"
    path = rig.path("secret.txt")
    with open(path, "w") as file:
        file.write(secret + "\n")
    where = {"library": rig.little, "home": rig.home("secret")}
    done = rig.handrail(
        "run", "rig.secret", "--on", "hub02", "--set", f"password=@{path}", "--yes", "--json",
        **where).exits(5)
    document = done.document()
    equal(outputs(document, "hub02", "tell")["got"], str(len(secret.encode())), "its length there")
    shown = [done.out, done.err]
    for extra in ((), ("--full",), ("--json", "--full")):
        logs = rig.handrail("logs", document["run"], *extra, **where).exits(0)
        shown += [logs.out, logs.err]
    status = rig.handrail("status", document["run"], **where).exits(0)
    shown += [status.out, status.err]
    forms = [secret, secret.encode().hex(), json.dumps(secret)[1:-1]]
    forms.append(base64.b64encode(secret.encode()).decode())
    for form in forms:
        for text in shown:
            claim(form not in text, f"it is shown as {form!r}")
        leaks = holding(where["home"], form.encode())
        claim(not leaks, f"it is in {leaks} as {form!r}")
    claim("[secret]" in shown[2], "the logs don't show where it was")
    rig.handrail(
        "run", "rig.secret", "--on", "hub02", "--set", f"password={secret}", "--yes", **where
    ).exits(3, 64).says("@")


def holding(folder, needle):
    """The files below a folder that contain the bytes."""
    found = []
    for place, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(place, name), "rb") as file:
                if needle in file.read():
                    found.append(name)
    return found


@case("terminal escapes never reach the terminal raw", "hub02")
def escapes(rig):
    where = {"library": rig.little}
    done = rig.handrail("run", "rig.escapes", "--on", "hub02", "--yes", **where).exits(5)
    run = rig.runs(**where)[0]
    texts = {"run": done.out + done.err}
    for verb in (["logs", run], ["logs", run, "--full"], ["logs", run, "--failed", "--group"],
                 ["status", run], ["history"]):
        ended = rig.handrail(*verb, **where).exits(0)
        texts[" ".join(verb)] = ended.out + ended.err
    for name, text in texts.items():
        bad = sorted({c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160
                      or 0xDC80 <= ord(c) <= 0xDCFF or c in "\u202e\u2066\u2067\u2068"})
        claim(not bad, f"{name} writes {bad!r}")
    claim("hidden" in texts["run"], f"the reason of the failure is not shown: {done.tail()}")
    claim("\\x1b" in texts[f"logs {run}"], "the logs don't show the escapes as text")


@case("a missing interpreter is the outcome of its target, with cause and remedy", "hub02")
def missing_interpreter(rig):
    rig.fleet.plant("no-bash", "hub02")
    try:
        done = rig.handrail(
            "run", "rig.interpreters", "--limit", "hub02,edge02", "--yes", "--json",
            library=rig.little).exits(5)
        document = done.document()
        equal(outcomes(document)["edge02"], "ok", "edge02")
        equal(outcomes(document)["hub02"], "failed", "hub02")
        (group,) = document["failures"]
        claim("bash" in group["reason"], f"the reason doesn't name bash: {group}")
    finally:
        rig.fleet.heal("no-bash", "hub02")
