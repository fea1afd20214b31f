"""The command line of the fleet: what a person can ask for, and what they are told."""

import argparse
import os
import shlex
import signal
import subprocess
import sys
import time

import faults
import fleets
import layout
from layout import Directory, FleetError

USAGE, PREREQUISITE, NOT_ROOT = 2, 69, 77
TOOLS = {
    "sshd": "openssh-server", "ssh-keygen": "openssh-client", "runsvdir": "runit",
    "nsenter": "util-linux", "dpkg-deb": "dpkg", "postfix": "postfix", "perl": "perl-base",
}  # fmt: skip

EXAMPLES = """\
examples:
  scripts/fleet start                        six targets, mbx01 to edge02
  scripts/fleet start --targets 200 --plain  cheap ones, for benchmarks
  scripts/fleet fault disk-full mbx01        plant a fault (fault list shows all)
  scripts/fleet fault disk-full mbx01 --check    exit 0: it is there; 1: it is not
  ssh -F .fleet/ssh_config mbx01             log in
  scripts/fleet stop                         end it all and leave nothing behind

exit codes: 0 done · 1 failed, or the fault is absent · 2 wrong usage ·
69 a package is missing (run scripts/setup) · 77 not root
"""


def default_directory():
    checkout = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    return os.path.join(checkout, ".fleet")


def parser():
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--dir", default=default_directory(), help="the fleet's directory (default: .fleet)"
    )
    top = argparse.ArgumentParser(
        prog="scripts/fleet",
        description="Many small servers on one Linux machine, to try Handrail on.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = top.add_subparsers(dest="verb", metavar="COMMAND", required=True)

    def verb(name, text, *positionals):
        added = verbs.add_parser(name, parents=[common], help=text, description=text)
        for each in positionals:
            added.add_argument(each.lower(), metavar=each)
        return added

    start = verb("start", "start a fleet and write the files to reach it")
    start.add_argument("--targets", type=int, metavar="N", help="how many (default 6)")
    start.add_argument("--names", help="their names instead, comma-separated")
    start.add_argument("--port", type=int, default=layout.SSH_PORT, help="ssh port (default 2200)")
    start.add_argument(
        "--network", default="127.1", help="127.N, or auto for a free one (default 127.1)"
    )
    start.add_argument("--plain", action="store_true", help="sshd only, no systems of their own")
    stop = verb("stop", "end the fleet and delete its files")
    stop.add_argument("--keep", action="store_true", help="keep the files and the keys")
    verb("status", "show every target and its state")
    verb("list", "print the targets' names, one a line")
    run = verb("exec", "run a command in a target, from outside it", "TARGET")
    run.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD")
    verb("reboot", "cut the target's power and start it on the same disk", "TARGET")
    verb("down", "cut the target's power: connections are refused", "TARGET")
    verb("up", "start a target that is down", "TARGET")
    verb("freeze", "stop all its processes: it connects and says nothing", "TARGET")
    verb("thaw", "let a frozen target go on", "TARGET")
    fault = verb("fault", "plant a fault: fault NAME TARGET; or: fault list", "NAME")
    fault.add_argument("target", metavar="TARGET", nargs="?")
    fault.add_argument("--check", action="store_true", help="only say whether it is there")
    verb("heal", "take a fault away", "NAME", "TARGET")
    return top


def check_machine():
    if os.geteuid() != 0:
        raise FleetError("namespaces need root", "run it with sudo", NOT_ROOT)
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    folders = path.split(":")
    for tool, package in TOOLS.items():
        if not any(os.access(os.path.join(f, tool), os.X_OK) for f in folders):
            raise FleetError(
                f"'{tool}' of the package {package} is missing",
                "install everything with: scripts/setup",
                PREREQUISITE,
            )
    os.environ["PATH"] = path


def wanted_names(options):
    if options.names is not None and options.targets is not None:
        raise FleetError("give --targets or --names, not both", code=USAGE)
    if options.names is None:
        count = 6 if options.targets is None else options.targets
        if not 1 <= count <= layout.MAXIMUM:
            raise FleetError(f"--targets must be 1 to {layout.MAXIMUM}", code=USAGE)
        return layout.default_names(count)
    names = [name.strip() for name in options.names.split(",")]
    layout.check_names(names)
    return names


def check_network(text):
    parts = text.split(".")
    fits = len(parts) == 2 and parts[0] == "127" and parts[1].isdigit()
    if text != "auto" and not (fits and 1 <= int(parts[1]) <= 254):
        raise FleetError(f"--network must be auto or 127.1 to 127.254, not '{text}'", code=USAGE)


def start(options, directory):
    names = wanted_names(options)
    check_network(options.network)
    if not 1 <= options.port <= 65535:
        raise FleetError("--port must be 1 to 65535", code=USAGE)
    began = time.monotonic()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    targets = fleets.start(directory, names, options.network, options.port, options.plain)
    seconds = time.monotonic() - began
    kind = "plain targets" if options.plain else "targets"
    shown = [t.name for t in targets]
    if len(shown) > 8:
        shown = [*shown[:3], "…", shown[-1]]
    print(f"{len(targets)} {kind} up in {seconds:.1f} s: {' '.join(shown)}")
    print(f"  log in     ssh -F {show(directory.file('ssh_config'))} {targets[0].name}")
    print(f"  inventory  {show(directory.file('inventory.yaml'))}")
    print(f"  end it     {command_line('stop', directory)}")
    return 0


def show(path):
    """The path as a person would type it from here."""
    short = os.path.relpath(path)
    return shlex.quote(path if short.startswith("..") else short)


def command_line(verb, directory):
    extra = "" if directory.path == default_directory() else f" --dir {show(directory.path)}"
    return f"scripts/fleet {verb}{extra}"


def stop(options, directory):
    began = time.monotonic()
    was_running = fleets.stop(directory, options.keep)
    if was_running:
        print(f"the fleet in {show(directory.path)} ended in {time.monotonic() - began:.1f} s")
    else:
        print(f"no fleet was running in {show(directory.path)}")
    return 0


def status(options, directory):
    fleet = directory.load()
    if fleets.supervisor_pid(directory) is None:
        raise FleetError(
            f"the fleet in {directory.path} is not running any more",
            f"clean up with: {command_line('stop', directory)}",
        )
    found = fleets.ask(directory, "status")
    print(f"{'TARGET':<12} {'ADDRESS':<20} {'ROLE':<8} {'SITE':<5} {'CLUSTER':<8} STATE")
    for t in fleet["targets"]:
        where = f"{t.address}:{t.port}"
        state = found["state"][t.name]
        print(f"{t.name:<12} {where:<20} {t.role:<8} {t.site:<5} {t.cluster:<8} {state}")
    return 0


def list_names(options, directory):
    for t in directory.load()["targets"]:
        print(t.name)
    return 0


def find_target(fleet, name):
    for t in fleet["targets"]:
        if t.name == name:
            return t
    names = [t.name for t in fleet["targets"]]
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    raise FleetError(f"there is no target '{name}'", f"there are: {shown}", USAGE)


def running_fleet(directory):
    fleet = directory.load()
    if fleets.supervisor_pid(directory) is None:
        raise FleetError(
            f"the fleet in {directory.path} is not running any more",
            f"clean up with: {command_line('stop', directory)}, then start it again",
        )
    return fleet


def execute(options, directory):
    fleet = running_fleet(directory)
    target = find_target(fleet, options.target)
    words = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not words:
        raise FleetError("give a command to run", "scripts/fleet exec mbx01 uptime", USAGE)
    if len(words) == 1 and not fleet["plain"]:
        words = ["/bin/sh", "-c", words[0]]
    command = fleets.command_in(directory, fleet, target.name, words)
    environment = {**fleets.ENVIRONMENT, "TERM": os.environ.get("TERM", "dumb")}
    code = subprocess.run(command, env=environment).returncode
    return code if code >= 0 else 128 - code


def power(options, directory):
    fleet = running_fleet(directory)
    target = find_target(fleet, options.target)
    answer = fleets.ask(directory, options.verb, target.name)
    if answer["state"] == "up":
        fleets.wait_until_listening(directory, target.listening(fleet["plain"])[:1])
    already = "" if answer["changed"] else " already"
    print(f"{target.name} is{already} {answer['state']}")
    return 0


def fault(options, directory):
    if options.name == "list":
        for name in faults.names():
            print(f"{name:<20} {faults.describe(name)}")
        return 0
    if options.target is None:
        raise FleetError(
            "give a target", f"scripts/fleet fault {options.name} mbx01", USAGE
        )
    fleet = running_fleet(directory)
    target = find_target(fleet, options.target)
    if options.check:
        present, said = faults.run(directory, fleet, options.name, target, "check")
        word = "present" if present else "absent"
        print(f"{options.name} is {word} on {target.name}" + (f": {said}" if said else ""))
        return 0 if present else 1
    _, said = faults.run(directory, fleet, options.name, target, "plant")
    print(f"{options.name} planted on {target.name}" + (f": {said}" if said else ""))
    return 0


def heal(options, directory):
    fleet = running_fleet(directory)
    target = find_target(fleet, options.target)
    _, said = faults.run(directory, fleet, options.name, target, "heal")
    print(f"{options.name} healed on {target.name}" + (f": {said}" if said else ""))
    return 0


VERBS = {
    "start": start, "stop": stop, "status": status, "list": list_names, "exec": execute,
    "reboot": power, "down": power, "up": power, "freeze": power, "thaw": power,
    "fault": fault, "heal": heal,
}  # fmt: skip


def main(arguments):
    if not arguments:
        parser().print_help(sys.stderr)
        return USAGE
    # argparse gives up on `fault NAME --check TARGET`, so the option goes last.
    if arguments[:1] == ["fault"] and "--check" in arguments:
        arguments = [each for each in arguments if each != "--check"] + ["--check"]
    options = parser().parse_args(arguments)
    directory = Directory(options.dir)
    try:
        if options.verb not in ("list", "fault") or options.verb == "fault" and (
            options.name != "list"
        ):
            check_machine()
        return VERBS[options.verb](options, directory)
    except FleetError as problem:
        print(f"fleet: {problem}", file=sys.stderr)
        if problem.hint:
            print(f"       {problem.hint}", file=sys.stderr)
        return problem.code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader has seen enough; what was asked for is done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as problem:
        print(f"fleet: {problem}", file=sys.stderr)
        return 1
