#!/usr/bin/env python3
"""Contract of the attached session (docs/session-protocol.md), run against real shells.

Runs the library locally under dash, bash, bash --posix and busybox (with a PATH of busybox only),
started by `sh` on three pipes as ssh would, and prints 'N passed, N failed'.
  session_contract.py [--shell NAME] [--only WORD] [--bench] [-v]
"""
import fcntl
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "..", "..", "Sources", "Plugins", "Session")
LIBRARY = b"".join(open(os.path.join(FOLDER, name), "rb").read() for name in ("session.sh", "groups.sh", "staging.sh"))
TIMEOUT = 20
ALL_BYTES = bytes(range(1, 256))


class Broken(Exception):
    """The session answered with an error frame, or not at all."""


class Stream:
    """One output stream, collected by a thread."""

    def __init__(self, file):
        self.data, self.ended, self.seen = bytearray(), False, threading.Condition()
        self.paused = threading.Event()
        self.paused.set()
        self.file = file
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            self.paused.wait()
            chunk = os.read(self.file.fileno(), 65536)
            with self.seen:
                self.data += chunk
                self.ended = not chunk
                self.seen.notify_all()
            if not chunk:
                return

    def find(self, pattern, timeout=TIMEOUT):
        """Waits for a match; forgets everything up to its end."""
        limit, start, regex = time.monotonic() + timeout, 0, re.compile(pattern, re.S)
        with self.seen:
            while True:
                match = regex.search(self.data, start)
                if match:
                    before = bytes(self.data[:match.start()])
                    groups = [match.group(0), *match.groups()]
                    del self.data[:match.end()]
                    return before, groups
                start = max(0, len(self.data) - 4096)
                rest = limit - time.monotonic()
                if self.ended or rest <= 0:
                    word = "end of stream" if self.ended else "timeout"
                    raise Broken(f"{word}, wanted {pattern!r}, have {bytes(self.data[-300:])!r}")
                self.seen.wait(rest)


class Result:
    def __init__(self, **fields):
        self.__dict__.update(fields)


class Session:
    def __init__(self, argv, env=None, grace=2, **extra):
        environment = dict(os.environ)
        environment.pop("LC_ALL", None)
        # As in most logins over ssh: then the session and its secrets are both in /dev/shm.
        environment.pop("XDG_RUNTIME_DIR", None)
        environment.update(env or {})
        extra.setdefault("start_new_session", True)
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=environment, bufsize=0, **extra)
        self.out, self.err = Stream(self.process.stdout), Stream(self.process.stderr)
        nonce, again = self.nonce(), ""
        while True:
            self.send(LIBRARY + f"hr_main {nonce} {grace}{again}\n".encode())
            _, groups = self.out.find(rb"\n@HR %s (\w+) ?([^\n]*)\n" % nonce.encode())
            if groups[1] != b"again" or again:
                break
            again = " again"
        same(groups[1], b"hello")
        self.hello = dict(f.decode().split("=", 1) for f in groups[2].split(b" ")[1:])
        self.dir = self.hello["dir"]

    @staticmethod
    def nonce():
        return secrets.token_hex(16)

    def send(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.process.stdin.fileno(), view):]

    def reply(self, nonce, verb, timeout=TIMEOUT):
        """The rest of the one frame that answers NONCE."""
        _, groups = self.out.find(rb"\n@HR %s (\w+) ?([^\n]*)\n" % nonce.encode(), timeout)
        if groups[1] != verb:
            raise Broken(f"{groups[1].decode()} {groups[2].decode()}")
        return groups[2]

    def put(self, path, data, mode="600", piece=1048576):
        pieces = [data[i:i + piece] for i in range(0, len(data), piece)] or [b""]
        for index, part in enumerate(pieces):
            nonce, more = self.nonce(), "last" if index == len(pieces) - 1 else "more"
            self.send(f"put {nonce} {len(part)} {mode} {more} {path}\n".encode() + part)
            total = self.reply(nonce, b"put")
        return int(total)

    @staticmethod
    def item(verb, value, name=b""):
        return b"%s %d%s\n%s\n" % (verb, value.count(b"\n") + 1, name, value)

    def begin(self, script=None, words=(b"sh",), args=(), env=(), flags="-", extra=b""):
        nonce = self.nonce()
        text = f"run {nonce} {flags}\n".encode()
        text += b"".join(self.item(b"word", w) for w in words)
        if script:
            text += f"script 0 {script}\n".encode()
        text += b"".join(self.item(b"arg", a) for a in args)
        text += b"".join(self.item(b"env", v, b" " + k) for k, v in env)
        self.send(text + extra + b"go 0\n")
        return nonce

    def step(self, words, flags="-", timeout=TIMEOUT, how="own"):
        """A run on one line: nothing announces its output."""
        nonce = self.nonce()
        self.send(f"step {nonce} {flags} {how} {words}\n".encode())
        return self.finish(nonce, timeout, announced=False)

    def steps(self, lines, begin=False):
        """Sends steps that follow one another; `results` has their ends."""
        nonce = self.nonce()
        head = f"steps {nonce} {len(lines)} {'begin' if begin else '-'}\n"
        self.send((head + "".join(f"{line}\n" for line in lines)).encode())
        return nonce

    def results(self, nonce, count, begin=False):
        """The results of so many steps; after them `rest` or an `err`, when one came."""
        mark, found = nonce.encode(), []
        if begin:
            self.reply(nonce, b"begin")
            self.err.find(rb"\n@HR %s begin\n" % mark)
        while len(found) < count and (not found or found[-1].rc == 0):
            out, frame = self.out.find(rb"\n@HR %s (end|rest|err) ?([^\n]*)\n" % mark)
            if frame[1] != b"end":
                if frame[1] == b"rest":
                    self.err.find(rb"\n@HR %s rest\n" % mark)
                return found, f"{frame[1].decode()} {frame[2].decode()}".strip()
            rc, left, kind = frame[2].decode().split(" ")
            err, tail = self.err.find(rb"\n@HR %s end (\d+)\n" % mark)
            same((tail[1].decode(), left, kind), (rc, "-", "none"))
            found.append(Result(rc=int(rc), out=out, err=err))
        return found, None

    def finish(self, nonce, timeout=TIMEOUT, announced=True):
        mark = nonce.encode()
        if announced:
            self.reply(nonce, b"begin", timeout)
        out, frame = self.out.find(rb"\n@HR %s (end|output|err) ([^\n]*)\n" % mark, timeout)
        if frame[1] == b"err":
            raise Broken("err " + frame[2].decode())
        given = None
        if frame[1] == b"output":
            given, size = b"", int(frame[2])
            given, frame = self.out.find(rb"\n@HR %s (end) ([^\n]*)\n" % mark, timeout)
            if len(given) != size:
                raise Broken(f"output of {len(given)} bytes, announced {size}")
        rc, left, kind = frame[2].decode().split(" ")
        if announced:
            self.err.find(rb"\n@HR %s begin\n" % mark, timeout)
        err, tail = self.err.find(rb"\n@HR %s end (\d+)\n" % mark, timeout)
        if tail[1] != rc.encode():
            raise Broken(f"rc {rc} on stdout, {tail[1]!r} on stderr")
        return Result(rc=int(rc), left=left, kind=kind, out=out, err=err, given=given)

    def run(self, *args, timeout=TIMEOUT, **named):
        return self.finish(self.begin(*args, **named), timeout)

    def sh(self, text, *args, **named):
        """Runs `sh -c TEXT sh ARGS…`."""
        return self.run(words=(b"sh", b"-c", text.encode(), b"sh"), args=args, **named)

    def ask(self, verb, *words):
        nonce = self.nonce()
        self.send(" ".join([verb, nonce, *words]).encode() + b"\n")
        return self.reply(nonce, verb.encode()).decode()

    def bye(self):
        self.ask("bye")
        self.process.stdin.close()
        return self.process.wait(TIMEOUT)

    def drop(self):
        """The connection is lost."""
        if not self.process.stdin.closed:
            self.process.stdin.close()

    def scrap(self):
        """After a test, whatever its result."""
        self.drop()
        try:
            self.process.wait(8)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def until(claim, seconds=8):
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if claim():
            return True
        time.sleep(0.02)
    return False


def same(found, wanted):
    if found != wanted:
        raise AssertionError(f"found {found!r:.300}, wanted {wanted!r:.300}")


# --- the tests: one function each, given a started session and the shell's description ----------

def hello_tells_who_and_where(s, shell):
    same(s.hello["uid"], str(os.getuid()))
    same(s.hello["pg"], str(s.process.pid))
    same(s.hello["boot"], open("/proc/sys/kernel/random/boot_id").read().strip())
    stat = open(f"/proc/{s.process.pid}/stat").read().rsplit(")", 1)[1].split()
    same(s.hello["start"], stat[19])
    same(os.stat(s.dir).st_mode & 0o777, 0o700)


def a_step_runs_and_its_streams_are_apart(s, _):
    s.put("scripts/a/x.sh", b"echo out; echo err >&2; exit 7\n")
    r = s.run("scripts/a/x.sh")
    same((r.rc, r.out, r.err, r.left, r.kind), (7, b"out\n", b"err\n", "-", "none"))


def a_partial_last_line_stays_so(s, _):
    r = s.sh("printf abc; printf xyz >&2")
    same((r.out, r.err), (b"abc", b"xyz"))
    r = s.sh("printf 'abc\\n\\n'; printf '\\n' >&2")
    same((r.out, r.err), (b"abc\n\n", b"\n"))
    same(s.sh("true").out, b"")


VALUES = [b"", b"\n", b"\n\n", b"a\n", b"\na", b"-n", b"--", b"-e x", b"\\n", b"\\", b"a\\\nb", b" a ", b"\ta\t",
          b"$(id)`id`${HOME}", b"'\"", b"*", b"~", b"a\r\nb\r", b"%s%n", b"run x", b"go 0", b"cancel",
          ALL_BYTES, ALL_BYTES * 3, bytes([0x81]), bytes([0x81, 0x81, 0x82, 0x88]), b"\x01\x7f\x01",
          b"\xff\xfe", b"\xc3", b"\x80" * 300, b"x" * 65536, b"\xe2\x82" * 4000, b"a\n" * 2000]


def every_argument_arrives_byte_for_byte(s, shell):
    script = b'for a in "$@"; do printf "%s" "$a" | od -An -v -tx1 | tr -d " \\n"; echo; done\n'
    s.put("scripts/hex.sh", script)
    r = s.run("scripts/hex.sh", words=(shell.printer,), args=VALUES)
    same([bytes.fromhex(l.decode()) for l in r.out.split(b"\n")[:-1]], VALUES)
    singles = [bytes([n]) for n in range(1, 256)]
    same(s.sh('for a; do printf "%s" "$a"; done; echo $#', *singles).out, ALL_BYTES + b"255\n")
    pairs = [b"a%cb" % n for n in range(1, 251)]
    same(s.sh('printf "%s" "$@"', *pairs).out, b"".join(pairs))


def every_variable_arrives_byte_for_byte(s, _):
    env = [(b"V%d" % i, v) for i, v in enumerate(VALUES)]
    r = s.run(words=(b"env", b"-0") if shutil.which("env") and not s.bare else (b"cat", b"/proc/self/environ"), env=env)
    found = dict(p.split(b"=", 1) for p in r.out.split(b"\0") if b"=" in p)
    for name, value in env:
        same((name, found.get(name)), (name, value))


def two_hundred_and_fifty_six_arguments_and_no_more(s, _):
    same(s.sh("echo $#", *([b"x"] * 256)).out, b"256\n")
    try:
        s.sh("echo $#", *([b"x"] * 257))
    except Broken as error:
        same(str(error), "err noitem")
    else:
        raise AssertionError("257 were taken")


def names_that_a_shell_cannot_carry_are_refused(s, _):
    for name in ["IFS", "hr_dir", "UID", "1A", "A-B", "BASH_ENV", "OPTIND", "A B", ""]:
        try:
            s.sh("true", env=[(name.encode(), b"x")])
        except Broken as error:
            assert str(error).startswith("err badenv"), error
        else:
            raise AssertionError(f"{name} was taken")
    same(s.sh("printf %s \"$LC_ALL$PATHX\"", env=[(b"LC_ALL", b"C.UTF-8"), (b"PATHX", b"y")]).out, b"C.UTF-8y")


def the_step_sees_the_login_s_locale_not_ours(s, _):
    same(s.sh("echo ${LC_ALL-unset}; umask").out.split(), [b"unset", s.umask])


def standard_input_is_empty_or_the_staged_file(s, _):
    same(s.sh("cat").out, b"")
    data = ALL_BYTES + b"\0" * 5 + b"tail"
    s.put("in/a", data)
    same(s.run(words=(b"cat",), extra=b"stdin 0 in/a\n").out, data)
    same(s.sh("read x; echo [$x]; cat >/dev/null").out, b"[]\n")


def a_child_cannot_eat_the_next_request(s, _):
    first = s.begin(words=(b"sh", b"-c", b"cat; sleep 0.3; cat"))
    same(s.finish(first).out, b"")
    same(s.sh("echo next").out, b"next\n")


def a_step_has_only_three_descriptors(s, _):
    r = s.sh("cd /proc/self/fd && for f in 3 4 5 6 7 8 9 10 11 12 63 255; do [ ! -e $f ] || ls -l $f; done; :")
    lines = [l for l in r.out.splitlines() if b"/proc" not in l and b"/fd" not in l]
    same(lines, [])


def staging_is_exact_and_atomic(s, _):
    for size in (0, 1, 4095, 65536, 65537, 1048576, 3 * 1048576 + 17):
        data = os.urandom(size)
        same(s.put("files/d/e/f.bin", data, mode="700"), size)
        path = f"{s.dir}/files/d/e/f.bin"
        same(open(path, "rb").read() == data, True)
        same(os.stat(path).st_mode & 0o777, 0o700)
    s.put("files/z", b"new")
    same(s.sh("cat files/z").out, b"new")
    s.ask("drop", "files/z")
    same(os.path.exists(f"{s.dir}/files/z"), False)


def short_texts_are_staged_by_the_shell_itself(s, shell):
    def text(path, data):
        nonce = s.nonce()
        lines = data.count(b"\n")
        s.send(f"text {nonce} {lines} {path}\n".encode() + data)
        return int(s.reply(nonce, b"put"))

    every = bytes(b for b in range(1, 256) if b != 10) + b"\n"
    for data in (b"", b"\n", b"one\n\n  two \\ $(x) `y` 'z'\\\n", b"-n\n", every * 3):
        same(text("scripts/d/t", data), len(data))
        same(open(f"{s.dir}/scripts/d/t", "rb").read(), data)
    same(text("scripts/one", b"echo hello\n"), 11)
    same(s.run("scripts/one").out, b"hello\n")
    os.mkdir(f"{s.dir}/scripts/taken")
    try:
        text("scripts/taken", b"run\ngo 0\n")
    except Broken as error:
        same(str(error), "err write")
    else:
        raise AssertionError("it was staged")
    same(s.run("scripts/one").out, b"hello\n")


def plain_steps_take_one_line(s, _):
    nonce = s.nonce()
    s.send(b"text - 2 scripts/plain\n#!/bin/sh\necho \"$0|$1|$2|$#\" >&2; echo x; exit 7\n"
           + f"step {nonce} - own sh scripts/plain a,b@c:/d=1 %%+_.-\n".encode())
    done = s.finish(nonce, announced=False)
    same((done.rc, done.out, done.err), (7, b"x\n", b"scripts/plain|a,b@c:/d=1|%%+_.-|2\n"))
    for words, why in (("sh scripts/none", "noscript scripts/none"),
                       ("nosuchsh scripts/plain", "nointerp nosuchsh"),
                       ("sh scripts/../../etc/passwd", "noscript scripts/../../etc/passwd")):
        try:
            s.step(words)
        except Broken as error:
            same(str(error), f"err {why}")
        else:
            raise AssertionError("it was started")
    os.mkdir(f"{s.dir}/scripts/taken")
    nonce = s.nonce()
    s.send(f"text - 1 scripts/taken\nx\ntext - 1 scripts/ok\ntrue\n"
           f"step {nonce} - own sh scripts/ok\n".encode())
    same(s.finish(nonce, announced=False).rc, 0)
    same(s.run("scripts/plain", args=(b"a b", b"")).err, b"scripts/plain|a b||2\n")


def staging_that_cannot_be_written_says_so_and_stays_in_step(s, _):
    os.makedirs(f"{s.dir}/files/taken")
    for path in ("files/taken", "lib/x"):
        if path == "lib/x":
            same(os.path.exists(f"{s.dir}/lib"), False)
            open(f"{s.dir}/lib", "w").close()
        try:
            s.put(path, b"hello x\nrun y\n" * 100)
        except Broken as error:
            same(str(error), "err write")
        else:
            raise AssertionError("it was put")
    os.rename(f"{s.dir}/out", f"{s.dir}/away")
    try:
        s.put("files/b", b"x" * 70000)
    except Broken as error:
        same(str(error), "err write")
    os.rename(f"{s.dir}/away", f"{s.dir}/out")
    same(s.put("files/b", b"x" * 70000), 70000)


def a_full_disk_is_a_clear_error(s, shell):
    s.bye()
    with tempfile.TemporaryDirectory() as place:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", place],
                          stderr=subprocess.DEVNULL).returncode != 0:
            return
        try:
            t = shell.start(env={"XDG_RUNTIME_DIR": place})
            try:
                t.put("files/big", os.urandom(900000))
            except Broken as error:
                same(str(error), "err write")
            else:
                raise AssertionError("it was put")
            same(t.sh("ls files 2>/dev/null; echo ok").out, b"ok\n")
            same(t.put("files/small", b"abc"), 3)
            t.bye()
        finally:
            subprocess.run(["umount", place], check=True)


def paths_that_lead_out_end_the_session(s, shell):
    for path in ("../x", "/etc/x", "scripts/../../x", "scripts//x", "scripts/-x", "other/x", "scripts/a;b", "scripts"):
        t = shell.start()
        try:
            t.put(path, b"x")
        except Broken as error:
            same(str(error), "err protocol")
        else:
            raise AssertionError(f"{path} was taken")
        t.process.wait(TIMEOUT)
        same(os.path.exists(t.dir), False)


def outputs_come_back_with_their_count(s, _):
    r = s.sh('printf "a=1\\nb=2" >>"$HANDRAIL_OUTPUT"; echo out', flags="output")
    same((r.out, r.kind, r.given), (b"out\n", "given", b"a=1\nb=2"))
    same(s.sh(':', flags="output").kind, "none")
    same(s.sh('>"$HANDRAIL_OUTPUT"', flags="output").kind, "none")
    same(s.sh('echo ${HANDRAIL_OUTPUT-unset}').out, b"unset\n")
    same(s.sh('head -c 65537 /dev/zero >"$HANDRAIL_OUTPUT"', flags="output").kind, "over")
    r = s.sh('head -c 65536 /dev/zero >"$HANDRAIL_OUTPUT"', flags="output")
    same((r.kind, r.given), ("given", b"\0" * 65536))
    same(s.sh('mkfifo "$HANDRAIL_OUTPUT"', flags="output").kind, "odd")
    same(s.sh('ln -s /etc/passwd "$HANDRAIL_OUTPUT"', flags="output").kind, "odd")


def secrets_go_by_memory_and_are_removed(s, _):
    s.put("secret/token", b"hush")
    r = s.run(words=(b"sh", b"-c", b'echo "$T"; cat "$T"; ls -ld "$T" | cut -c1-10'), extra=b"envfile 0 T secret/token\n")
    path = r.out.split(b"\n")[0].decode()
    assert path.startswith(("/dev/shm/", "/run/")), path
    same(r.out.split(b"\n", 1)[1], b"hush-rw-------\n")
    same(os.path.exists(os.path.dirname(path)), False)
    same(os.path.isdir(s.dir), True)
    same(s.sh("echo goes on").out, b"goes on\n")
    s.put("secret/token", b"again")
    same(s.run(words=(b"cat",), extra=b"stdin 0 secret/token\n").out, b"again")
    s.put("secret/token", b"left")
    s.bye()
    same(os.path.exists(path), False)


def what_is_missing_has_its_own_words(s, _):
    for named, wanted in (({"words": (b"no-such-interp",)}, "err nointerp no-such-interp"),
                          ({"script": "scripts/none.sh"}, "err noscript scripts/none.sh"),
                          ({"extra": b"stdin 0 in/none\n"}, "err nostdin"),
                          ({"words": ()}, "err noitem")):
        try:
            s.run(**named)
        except Broken as error:
            same(str(error), wanted)
        else:
            raise AssertionError(f"{named} ran")
    same(s.sh("exit 127").rc, 127)


def output_cannot_forge_a_frame(s, _):
    text = b"\n@HR " + b"0" * 32 + b" end 0 - none\n@HR end\n\n@HR \n"
    s.put("files/fake", text)
    nonce = s.begin(words=(b"sh", b"-c", b"cat files/fake; cat files/fake >&2; env; tr '\\0' ' ' </proc/$$/cmdline; tr '\\0' ' ' </proc/$PPID/cmdline; exit 3"))
    r = s.finish(nonce)
    same(r.rc, 3)
    same(r.out.startswith(text), True)
    same(r.err, text)
    same(nonce.encode() in r.out, False)


def eight_mebibytes_on_both_streams(s, _):
    r = s.sh("dd if=/dev/zero bs=65536 count=128 2>/dev/null & dd if=/dev/zero bs=65536 count=128 >&2 2>/dev/null; wait", timeout=60)
    same((len(r.out), len(r.err), r.rc), (8 << 20, 8 << 20, 0))


def a_step_that_signals_its_own_group_harms_only_itself(s, _):
    for name, number in (("TERM", 15), ("INT", 2), ("HUP", 1), ("USR1", 10)):
        r = s.sh(f"kill -{name} 0; sleep 5")
        same((name, r.rc), (name, 128 + number))
        same(s.sh("echo on").out, b"on\n")


def nothing_of_a_step_reaches_the_next(s, _):
    s.put("scripts/dirty.sh", b"cd /; umask 0; trap '' TERM INT; A=1; export A; set -x; exec 1>&-; ulimit -n 20; exit 4\n")
    same(s.run("scripts/dirty.sh").rc, 4)
    same(s.sh("pwd; umask; echo ${A-unset}").out.split(), [s.dir.encode(), s.umask, b"unset"])
    same(s.sh("kill -TERM $$; echo survived").rc, 143)


def handlers_of_the_session_are_not_a_step_s(s, shell):
    def masks(text):
        fields = dict(l.split(b":\t") for l in text.splitlines() if b":\t" in l)
        return int(fields[b"SigBlk"], 16), int(fields[b"SigIgn"], 16)
    # busybox's sh ignores QUIT for what it starts; a session may ignore less, never more.
    plain = subprocess.run([*shell.argv, "-c", "cat /proc/self/status"], capture_output=True, check=True)
    blocked, ignored = masks(s.run(words=(b"cat", b"/proc/self/status")).out)
    same((blocked, ignored & ~masks(plain.stdout)[1]), (0, 0))


def what_a_step_leaves_behind_is_counted_and_survives_bye(s, _):
    r = s.sh("sleep 60 >/dev/null 2>&1 & echo $!", flags="left")
    same(r.left, "1")
    pid = int(r.out)
    same(s.sh("true", flags="left,output").left, "1")
    s.bye()
    same(alive(pid), True)
    os.kill(pid, signal.SIGKILL)


def a_child_that_holds_the_channel_does_not_hold_the_step(s, _):
    start = time.monotonic()
    r = s.sh("(sleep 30; echo late) & echo $!")
    assert time.monotonic() - start < 5
    same(s.sh("echo on").out, b"on\n")
    start = time.monotonic()
    s.drop()
    s.process.wait(TIMEOUT)
    same(until(lambda: not alive(int(r.out))), True)


def cancel_ends_a_running_step(s, _):
    nonce = s.begin(words=(b"sh", b"-c", b"echo started; exec sleep 60"))
    s.out.find(rb"started")
    s.send(b"cancel " + nonce.encode() + b"\n")
    _, groups = s.out.find(rb"\n@HR %s end (\d+)" % nonce.encode(), 5)
    same(groups[1], b"143")
    same(s.sh("echo on").out, b"on\n")


def cancel_lets_a_step_tidy_up(s, _):
    nonce = s.begin(words=(b"sh", b"-c", b"trap 'echo tidy; exit 9' TERM; echo started; while :; do sleep 1; done"))
    s.out.find(rb"started")
    s.send(b"cancel " + nonce.encode() + b"\n")
    before, groups = s.out.find(rb"\n@HR %s end (\d+)" % nonce.encode(), 5)
    same((groups[1], before), (b"9", b"\ntidy\n"))


def cancel_at_once_never_gets_lost(s, _):
    for turn in range(40):
        nonce = s.begin(words=(b"sleep", b"60"))
        if turn % 4:
            time.sleep(turn % 4 * 0.0007)
        s.send(b"cancel " + nonce.encode() + b"\n")
        same(s.finish(nonce, 6).rc, 143)


def a_plain_step_is_cancelled_like_any_other(s, shell):
    s.put("scripts/long", b"echo started; exec sleep 60\n")
    nonce = s.nonce()
    s.send(f"step {nonce} - own sh scripts/long\n".encode())
    s.out.find(rb"started")
    s.send(b"cancel " + nonce.encode() + b"\n")
    _, groups = s.out.find(rb"\n@HR %s end (\d+)" % nonce.encode(), 5)
    same(groups[1], b"143")
    for turn in range(20):
        nonce = s.nonce()
        s.send(f"step {nonce} - own sh scripts/long\n".encode())
        if turn % 4:
            time.sleep(turn % 4 * 0.0007)
        s.send(b"cancel " + nonce.encode() + b"\n")
        try:
            same(s.finish(nonce, 1, announced=False).rc, 143)
        except Broken:
            # It was started in the instant between its last look for the mark and its exec.
            s.send(b"kill " + nonce.encode() + b"\n")
            same(s.finish(nonce, 6, announced=False).rc, 137)
    same(s.sh("echo on").out, b"on\n")


def a_plain_step_gets_its_output_file_and_the_login_s_locale(s, shell):
    s.put("scripts/out", b'printf a=1 >"$HANDRAIL_OUTPUT"; echo "${LC_ALL-unset}"; pwd; umask; exit 3\n')
    r = s.step("sh scripts/out", flags="output")
    same((r.rc, r.kind, r.given), (3, "given", b"a=1"))
    same(r.out.split(), [b"unset", s.dir.encode(), s.umask])
    t = shell.start(env={"LC_ALL": "C.UTF-8"})
    t.put("scripts/out", b'echo "${LC_ALL-unset} ${HANDRAIL_OUTPUT-none}"; pwd\n')
    same(t.step("sh scripts/out").out.split(), [b"C.UTF-8", b"none", t.dir.encode()])
    s.put("scripts/test", b"exit 5\n")
    same(s.step("sh scripts/test").rc, 5)


def a_directory_that_a_step_removed_is_not_made_again(s, _):
    s.put("scripts/x", b"exit 0\n")
    same(s.sh('rm -rf "$PWD"').rc, 0)
    for send in (lambda: s.step("sh scripts/x"), lambda: s.run("scripts/x")):
        try:
            send()
        except Broken as error:
            same(str(error), "err nodir")
        else:
            raise AssertionError("it was started")
    try:
        s.put("scripts/y/z", b"exit 0\n")
    except Broken as error:
        same(str(error), "err write")
    else:
        raise AssertionError("it was staged")
    same(os.path.exists(s.dir), False)


def a_plain_step_never_means_a_builtin_or_a_function(s, _):
    s.put("scripts/x", b"exit 9\n")
    for name in ("eval", "hr_say", "cd", "exec"):
        try:
            s.step(f"{name} scripts/x")
        except Broken as error:
            same(str(error), f"err nointerp {name}")
        else:
            raise AssertionError(f"{name} was run")
    same(s.sh("pwd").out, s.dir.encode() + b"\n")


SHARED = {
    "exit": b"echo a; exit 3\n", "empty": b"", "comment": b"#!/bin/sh\n# nothing\n",
    "set-e": b"set -e\nfalse\necho no\n", "set-u": b"set -eu\necho a\n: $nosuch\necho no\n",
    "set-f": b"set -f\necho /etc/pass*\n", "glob": b"echo /etc/passw*\n",
    "arguments": b'echo "$#|$1|$2|$*"\n', "cd": b"cd /\npwd\n", "where": b"pwd\numask\n",
    "input": b"read -r line || echo end\n", "last": b"false\n", "status": b"echo $?\n",
    "heredoc": b"cat <<E\nhello $1\nE\n", "missing": b"nosuchcommand-$1 2>/dev/null\n",
    "subshell": b"( exit 4 )\n", "function": b'f() { echo "$1" >&2; }\nf x\nf "a b"\n',
    "lines": b'while IFS= read -r l; do echo "<$l>"; done </etc/hostname\n',
    "split": b'IFS=:\nx=a:b\necho $x\n', "locale": b'echo "${LC_ALL-none} ${LANG-none}"\n',
    "environment": b"env | grep -Ev '^(_|SHLVL)=' | sort\n",
    "pipe": b"echo a b | { read -r x y; echo $y; }\n", "background": b"sleep 0.01 & echo on\n",
    "export": b"export LEFT=1 PATH=/nowhere\n", "big": b"echo x\n" * 500,
    "unset": b"unset PATH HOME\n", "loop": b"for x in a b; do [ $x = a ] || echo $x; done\n", "after": b'echo "${LEFT-none} $PATH $HOME"\n',
}


def a_shared_step_can_not_be_told_from_one_with_its_own_shell(s, shell):
    for name, script in SHARED.items():
        s.put(f"scripts/{name}", script)
        own, shared = (s.step(f"sh scripts/{name} one two", how=how) for how in ("own", "shared"))
        if name == "set-u":
            # The shell's own message names what it reads.
            same((shared.err != b"", own.err != b""), (True, True))
            own.err = shared.err
        for what in ("rc", "out", "err"):
            same((name, what, getattr(shared, what)), (name, what, getattr(own, what)))
    s.put("scripts/out", b'printf a=1 >"$HANDRAIL_OUTPUT"\n')
    r = s.step("sh scripts/out", flags="output", how="shared")
    same((r.rc, r.kind, r.given), (0, "given", b"a=1"))
    t = shell.start(env={"LC_ALL": "C.UTF-8"})
    t.put("scripts/locale", SHARED["locale"])
    same(t.step("sh scripts/locale", how="shared").out, t.step("sh scripts/locale").out)


def a_shell_that_is_not_ours_is_never_shared(s, shell):
    if s.bare:
        return
    with tempfile.TemporaryDirectory() as folder:
        other = "bash" if shell.kind == "sh" else "dash"
        os.symlink(shutil.which(other), os.path.join(folder, "sh"))
        t = shell.start(env={"PATH": f"{folder}:{os.environ['PATH']}"})
        t.put("scripts/which", b'echo "${BASH_VERSION:+bash}"\n')
        for how in ("own", "shared"):
            same(t.step("sh scripts/which", how=how).out.strip(), b"bash" if other == "bash" else b"")


def a_shared_step_finds_programs_where_they_are_now(s, shell):
    if s.bare:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}:{shell.front}:{os.environ['PATH']}"
        t = shell.start(env={"PATH": path})
        t.put("files/x", b"x")
        t.ask("drop", "files/x")
        program = os.path.join(folder, "rm")
        with open(program, "w") as file:
            file.write("#!/bin/sh\necho another\n")
        os.chmod(program, 0o700)
        t.put("scripts/rm", b"rm -f none\n")
        for how in ("own", "shared"):
            same((how, t.step("sh scripts/rm", how=how).out), (how, b"another\n"))
        os.unlink(program)


def a_script_that_is_none_ends_its_own_step_alone(s, _):
    for text in (b"if then\n", b"echo a\n)\n", b"case x in\n", b'echo "open\n', b"<<E\n${\n"):
        s.put("scripts/none", text)
        own, shared = (s.step("sh scripts/none", how=how) for how in ("own", "shared"))
        same((text, shared.rc != 0), (text, own.rc != 0))
        same(shared.out, own.out)
    same(s.sh("echo on").out, b"on\n")


def steps_follow_one_another_as_long_as_they_end_well(s, _):
    s.put("scripts/a", b'echo "a $1"; printf e >&2\n')
    s.put("scripts/b", b"printf '\\n@HR x end 0'; exit 5\n")
    s.put("scripts/c", b"touch started\n")
    for how in ("own", "shared"):
        lines = [f"{how} sh scripts/a {n}" for n in range(20)]
        found, last = s.results(s.steps(lines), 20)
        same([(r.rc, r.out, r.err) for r in found],
             [(0, b"a %d\n" % n, b"e") for n in range(20)])
        same(last, None)
        nonce = s.steps([lines[0], f"{how} sh scripts/b", f"{how} sh scripts/c"])
        found, last = s.results(nonce, 3)
        same([r.rc for r in found], [0, 5])
        same(found[1].out, b"\n@HR x end 0")
        for words, why in (("sh scripts/none", "noscript scripts/none"),
                           ("nosuchsh scripts/a", "nointerp nosuchsh"),
                           ("sh scripts/../x", "noscript scripts/../x")):
            nonce = s.steps([lines[3], f"{how} {words}", f"{how} sh scripts/c"])
            found, last = s.results(nonce, 3)
            same(([r.rc for r in found], last), ([0], f"err {why}"))
    same(os.path.exists(f"{s.dir}/started"), False)
    same(s.sh("echo on").out, b"on\n")


def steps_may_be_the_first_that_is_asked_for(s, _):
    s.put("scripts/a", b"echo a\n")
    found, last = s.results(s.steps(["own sh scripts/a", "shared sh scripts/a"], True), 2, True)
    same(([(r.rc, r.out) for r in found], last), ([(0, b"a\n")] * 2, None))


def what_was_recalled_is_not_started(s, _):
    s.put("scripts/wait", b"echo up; until [ -e go ]; do sleep 0.01; done; rm go\n")
    s.put("scripts/c", b"touch started\n")
    for how in ("own", "shared"):
        nonce = s.steps([f"{how} sh scripts/wait", f"{how} sh scripts/c", f"{how} sh scripts/c"])
        s.out.find(rb"up\n")
        s.send(b"recall " + s.nonce().encode() + b"\nrecall " + nonce.encode() + b"\n")
        until(lambda: os.path.exists(f"{s.dir}/out/{nonce}.stop"))
        open(f"{s.dir}/go", "w").close()
        found, last = s.results(nonce, 3)
        same(([r.rc for r in found], last), ([0], "rest"))
        same(os.path.exists(f"{s.dir}/started"), False)
    same(s.results(s.steps(["own sh scripts/c"]), 1)[0][0].rc, 0)


def cancelled_steps_end_at_once_and_nothing_follows(s, _):
    s.put("scripts/long", b"echo up; sleep 60\n")
    s.put("scripts/c", b"touch started\n")
    for how in ("own", "shared"):
        nonce = s.steps([f"{how} sh scripts/long"] + [f"{how} sh scripts/c"] * 3)
        s.out.find(rb"up\n")
        s.send(b"cancel " + nonce.encode() + b"\n")
        same([r.rc for r in s.results(nonce, 4)[0]], [143])
        same(os.path.exists(f"{s.dir}/started"), False)
    s.put("scripts/short", b":\n")
    for turn in range(40):
        how = ("own", "shared")[turn % 2]
        nonce = s.steps([f"{how} sh scripts/short"] * 60)
        time.sleep(turn * 0.0006)
        s.send(b"cancel " + nonce.encode() + b"\n")
        found, last = s.results(nonce, 60)
        assert len(found) == 60 or last == "rest" or found[-1].rc == 143, (len(found), last)
        same(s.sh("echo on").out, b"on\n")


def steps_that_are_none_end_the_session(s, shell):
    for head in ("0 -", "65 -", "x -", "99999999999999999999 -"):
        t = shell.start()
        nonce = t.nonce()
        t.send(f"steps {nonce} {head}\n".encode())
        try:
            t.reply(nonce, b"end")
        except Broken as error:
            same(str(error), "err protocol")
        same(t.process.wait(TIMEOUT), 0)


def a_cancel_for_another_nonce_does_nothing(s, _):
    nonce = s.begin(words=(b"sh", b"-c", b"sleep 0.5; echo done"))
    s.send(b"cancel " + s.nonce().encode() + b"\n" + b"kill " + s.nonce().encode() + b"\n")
    same(s.finish(nonce).out, b"done\n")


def kill_ends_what_term_cannot_and_the_session_lives(s, _):
    nonce = s.begin(words=(b"sh", b"-c", b"trap '' TERM INT HUP; (while :; do sleep 9; done) & echo started $!; while :; do sleep 9; done"))
    _, groups = s.out.find(rb"started (\d+)\n")
    s.send(b"cancel " + nonce.encode() + b"\n")
    time.sleep(0.3)
    s.send(b"kill " + nonce.encode() + b"\n")
    _, end = s.out.find(rb"\n@HR %s end (\d+)" % nonce.encode(), 8)
    same(end[1], b"137")
    same(until(lambda: not alive(int(groups[1]))), True)
    same(s.sh("echo on").out, b"on\n")


def the_end_of_input_ends_the_group_and_the_directories(s, _):
    nonce = s.begin(words=(b"sh", b"-c", b"trap '' TERM; echo started $$; while :; do sleep 9; done"))
    _, groups = s.out.find(rb"started (\d+)\n")
    s.drop()
    s.process.wait(10)
    same(alive(int(groups[1])), False)
    same(os.path.exists(s.dir), False)


def the_end_of_input_before_a_step_starts_stops_it(s, shell):
    mark = tempfile.mktemp()
    for _ in range(5):
        t = shell.start(grace=1)
        t.begin(words=(b"sh", b"-c", b"trap '' TERM; sleep 20; echo >>" + mark.encode()))
        t.drop()
        t.process.wait(8)
        same(os.path.exists(t.dir), False)
    same(os.path.exists(mark), False)


def the_end_of_input_inside_a_put_places_nothing(s, _):
    nonce = s.nonce()
    s.send(f"put {nonce} 1000 600 last files/half\n".encode() + b"x" * 400)
    time.sleep(0.2)
    same(os.path.exists(f"{s.dir}/files/half"), False)
    s.drop()
    s.process.wait(TIMEOUT)
    same(os.path.exists(s.dir), False)


def slow_input_is_put_together(s, _):
    nonce, data = s.nonce(), os.urandom(3000)
    for byte in f"put {nonce} 3000 600 last files/slow\n".encode():
        s.send(bytes([byte]))
    for index in range(0, 3000, 500):
        s.send(data[index:index + 500])
        time.sleep(0.02)
    same(s.reply(nonce, b"put"), b"3000")
    same(open(f"{s.dir}/files/slow", "rb").read() == data, True)


def a_signal_in_the_middle_of_a_line_loses_nothing(s, _):
    nonce = s.nonce()
    text = f"run {nonce} -\nword 1\nsh\nword 1\n-c\nword 1\necho \"$1\"\nword 1\nsh\narg 1\nabcdefgh\ngo 0\n".encode()
    for index in range(0, len(text), 5):
        s.send(text[index:index + 5])
        time.sleep(0.01)
        if index + 5 < len(text):
            # Once it is whole, the script is there to be hit.
            os.killpg(s.process.pid, signal.SIGTERM)
        time.sleep(0.01)
    r = s.finish(nonce)
    same((r.rc, r.out), (0, b"abcdefgh\n"))


def after_a_lost_session_its_group_can_be_asked_for(s, shell):
    t = shell.start(grace=0)
    words = (t.hello["pg"], t.hello["start"], t.hello["boot"])
    same(s.ask("gone", *words).split()[0], "no")
    same(s.ask("gone", words[0], "5", words[2]).split()[0], "yes")
    same(s.ask("gone", words[0], words[1], "other-boot").split()[0], "yes")
    same(s.ask("gone", words[0], words[1], "-").split()[0], "unknown")
    t.begin(words=(b"sh", b"-c", b"trap '' TERM; echo started; while :; do sleep 9; done"))
    t.out.find(b"started")
    same(s.ask("endgroup", *words, "1").split(), ["yes", "0"])
    t.process.wait(TIMEOUT)
    same(s.ask("gone", *words), "yes 0")
    shutil.rmtree(t.dir, ignore_errors=True)


def one_s_own_or_everybody_s_group_is_refused(s, shell):
    for group in (s.hello["pg"], "1", "0", "-1", "x"):
        t = shell.start()
        target = t.hello["pg"] if group == s.hello["pg"] else group
        try:
            t.ask("endgroup", target, "1", t.hello["boot"], "0")
        except Broken as error:
            same(str(error), "err protocol")
        else:
            raise AssertionError(f"{group} was taken")


def noise_before_hello_is_skipped(_, shell):
    command = "echo 'Welcome!'; echo '@HR fake'; echo noise >&2; printf 'no newline'; exec " + " ".join(shell.argv)
    t = shell.start(argv=[*shell.argv, "-c", command])
    same(t.sh("echo ok").out, b"ok\n")
    t.bye()


def a_session_inside_another_group_makes_its_own(_, shell):
    t = shell.start(start_new_session=False)
    assert t.hello["pg"] != str(os.getpgrp())
    same(t.sh("kill 0; sleep 3").rc, 143)
    same(t.bye(), 0)


def nonsense_ends_the_session_with_a_reason(_, shell):
    for text in (b"eval id\n", b"run\n", b"\n", b"run xyz -\n", b"\xff\x81\n", b"reply " + b"0" * 32 + b" end 0\n",
                 b"run " + b"a" * 32 + b" -\nword x\n", b"run " + b"a" * 32 + b" -\nword 99999999\n",
                 b"run " + b"a" * 32 + b" -\nbye " + b"b" * 32 + b"\n", b"put " + b"a" * 32 + b" 9999999 600 last files/x\n"):
        t = shell.start()
        t.send(text)
        _, groups = t.out.find(rb"\n@HR (\S+) err protocol\n")
        t.process.wait(TIMEOUT)
        same(os.path.exists(t.dir), False)


def the_environment_is_the_login_s(s, _):
    r = s.run(words=(b"env",))
    same([l for l in r.out.splitlines() if l.startswith((b"hr_", b"HR"))], [])
    same(b"HANDRAIL_MARK=kept" in r.out.splitlines(), True)


def a_channel_left_non_blocking_and_full_loses_no_frame(s, shell):
    if s.bare:
        return
    code = (b"import os,fcntl\nf=fcntl.fcntl(1,3);fcntl.fcntl(1,4,f|os.O_NONBLOCK)\n"
            b"try:\n while 1: os.write(1,b'x'*4096)\nexcept BlockingIOError: pass\n")
    s.out.paused.clear()
    s.send(b"")
    nonce = s.begin(words=(sys.executable.encode(), b"-c", code))
    time.sleep(1.0)
    s.out.paused.set()
    same(s.finish(nonce).rc, 0)
    same(s.sh("echo on").out, b"on\n")


def bye_leaves_no_directory_and_no_shell(s, _):
    s.put("files/a", b"x")
    group = s.process.pid
    same(s.bye(), 0)
    same(os.path.exists(s.dir), False)
    same(until(lambda: not group_alive(group)), True)


def group_alive(group):
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


class Shell:
    opens = Session

    def __init__(self, name, argv, kind, path=None, front=None):
        self.name, self.argv, self.kind, self.path, self.front = name, argv, kind, path, front
        self.printer = b"sh"
        self.live = []

    def start(self, argv=None, env=None, **named):
        environment = {"HANDRAIL_MARK": "kept", **(env or {})}
        if self.path:
            environment["PATH"] = self.path
        elif self.front and "PATH" not in environment:
            environment["PATH"] = f"{self.front}:{os.environ['PATH']}"
        session = self.opens(argv or self.argv, env=environment, **named)
        session.bare = self.path is not None
        session.umask = UMASK
        self.live.append(session)
        return session

    def tidy(self):
        for session in self.live:
            session.scrap()
        self.live = []


UMASK = subprocess.run(["sh", "-c", "umask"], capture_output=True, check=True).stdout.strip()


def shells(folder):
    """The shells that are here; busybox gets a PATH of nothing but its own applets."""
    found = []
    for name, words, kind in (("dash", ["dash"], "sh"), ("bash-posix", ["bash", "--posix"], "bash"),
                              ("bash", ["bash"], "bash")):
        if shutil.which(words[0]):
            own = os.path.join(folder, name)
            os.mkdir(own)
            os.symlink(shutil.which(words[0]), os.path.join(own, "sh"))
            found.append(Shell(name, [shutil.which(words[0]), *words[1:]], kind, front=own))
    box = shutil.which("busybox")
    if box:
        applets = subprocess.run([box, "--list"], capture_output=True, text=True, check=True).stdout
        for applet in applets.split():
            os.symlink(box, os.path.join(folder, applet))
        found.append(Shell("busybox", [os.path.join(folder, "busybox"), "sh"], "busybox", folder))
    return found


def functions_between(first, last):
    """The tests of a module, those of its functions from FIRST to before LAST that take a session
    (or `_`, if they need none) and a shell."""
    begin, end = first.__code__.co_firstlineno, last.__code__.co_firstlineno
    return [f for f in first.__globals__.values() if hasattr(f, "__code__")
            and f.__module__ == first.__module__ and begin <= f.__code__.co_firstlineno < end
            and f.__code__.co_varnames[0] in "s_" and f.__code__.co_argcount == 2
            and not f.__code__.co_flags & 4]


def bench(shell, steps=1000):
    s = shell.start()
    s.put("scripts/noop.sh", b":\n")
    plain = f"i=0; while [ $i -lt {steps} ]; do sh scripts/noop.sh </dev/null; i=$((i+1)); done"
    start = time.monotonic()
    s.run(words=(b"sh", b"-c", plain.encode()), timeout=120)
    loop = (time.monotonic() - start) / steps * 1000
    start = time.monotonic()
    for _ in range(steps):
        s.step("sh scripts/noop.sh")
    session = (time.monotonic() - start) / steps * 1000
    s.bye()
    start = time.monotonic()
    for _ in range(20):
        shell.start().bye()
    handshake = (time.monotonic() - start) / 20 * 1000
    print(f"{shell.name}: {session:.2f} ms a step, {loop:.2f} ms plain loop, {steps} steps; "
          f"start and bye {handshake:.1f} ms")


def main(tests, bench):
    words = sys.argv[1:]
    chosen = words[words.index("--shell") + 1] if "--shell" in words else None
    only = words[words.index("--only") + 1] if "--only" in words else ""
    if "--part" in words:
        part, parts = words[words.index("--part") + 1].split("/")
        tests = tests[int(part)::int(parts)]
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for shell in shells(folder):
            if chosen not in (None, shell.name):
                continue
            if "--bench" in words:
                bench(shell)
                shell.tidy()
                continue
            for test in tests:
                if only not in test.__name__:
                    continue
                start = time.monotonic()
                try:
                    test(shell.start(), shell)
                    passed += 1
                    if "-v" in words:
                        print(f"ok   {shell.name} {test.__name__} {time.monotonic() - start:.2f}s")
                except Exception as error:  # noqa: BLE001 - one failure must not stop the others
                    failed += 1
                    print(f"FAIL {shell.name} {test.__name__}: {type(error).__name__}: {error}")
                finally:
                    shell.tidy()
    if "--bench" not in words:
        print(f"{passed} passed, {failed} failed")
    return 1 if failed or (passed == 0 and "--bench" not in words) else 0


if __name__ == "__main__":
    sys.exit(main(functions_between(hello_tells_who_and_where, group_alive), bench))
