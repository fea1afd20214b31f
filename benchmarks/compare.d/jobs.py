"""The jobs that every tool does, the state before them, and how it is seen that they were done."""

import collections
import subprocess

from fleet_bench import STEPS, Failed

FILE = "mail-limits.conf"
OLD = [
    "# Limits of the mail server.",
    "max_connections = 20",
    "max_message_mib = 150",
    "idle_timeout_s = 60",
]
AGREED = [
    "# Limits of the mail server.",
    "max_connections = 200",
    "max_message_mib = 50",
    "idle_timeout_s = 1800",
]
CONTENT = "".join(f"{line}\n" for line in AGREED)

# A step is a shell command, or writes FILE with the agreed lines where `command` is None. Commands
# have no single quotes: parallel-ssh puts them in some without looking.
Step = collections.namedtuple("Step", "id title command effect")
Job = collections.namedtuple("Job", "name title steps")


def _marked(number, command):
    """The command, which leaves its number on the target once it has succeeded."""
    return f'{{ {command}; }} && echo {number} >>"$HOME/steps"'


def _job(name, title, steps):
    """A job of (id, title, command, effect), each command with its number."""
    return Job(
        name,
        title,
        [
            Step(*step[:2], step[2] and _marked(number, step[2]), step[3])
            for number, step in enumerate(steps, 1)
        ],
    )


JOBS = {
    job.name: job
    for job in [
        _job(
            "ten-steps",
            "Ten small steps",
            [
                (f"s{number}", f"Step {number}", command, "idempotent")
                for number, command in enumerate(STEPS, 1)
            ],
        ),
        _job(
            "fix",
            "The mail server's limits are not as agreed",
            [
                (
                    "check",
                    "See that the file has the old limit",
                    f'grep -qx "max_connections = 20" "$HOME/{FILE}"',
                    "assert",
                ),
                ("write", "Write the agreed limits", None, None),
                # Plain targets have no services: what a server would read is copied to where it is
                # looked at afterwards.
                (
                    "load",
                    "Have the server read them",
                    f'cp "$HOME/{FILE}" "$HOME/in-force.conf"',
                    "once",
                ),
                (
                    "verify",
                    "See that they are in force",
                    f'cmp -s "$HOME/{FILE}" "$HOME/in-force.conf" '
                    '&& grep -qx "max_connections = 200" "$HOME/in-force.conf"',
                    "assert",
                ),
            ],
        ),
    ]
}


def written_by_shell():
    """A command that writes the agreed lines to the file, unless they are there."""
    path = f"$HOME/{FILE}"
    lines = " ".join(f'"{line}"' for line in AGREED)
    return (
        f'printf "%s\\n" {lines} >"{path}.new" && chmod 0644 "{path}.new" '
        f'&& if cmp -s "{path}.new" "{path}"; then rm "{path}.new"; '
        f'else mv "{path}.new" "{path}"; fi'
    )


class Homes:
    """The folders of a fleet's targets. Plain ones share a system, so one login sees them all."""

    def __init__(self, fleet):
        self.ssh = ["ssh", "-F", fleet.config, "-T", fleet.targets[0].name, "sh", "-s"]
        self.names = [target.name for target in fleet.targets]
        self.folder = self._on_target('dirname "$HOME"').strip()

    def _on_target(self, script):
        done = subprocess.run(self.ssh, input=script, capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise Failed(f"looking at the targets exited {done.returncode}: {done.stderr}")
        return done.stdout

    def file(self, name):
        """The path of the file on a target."""
        return f"{self.folder}/{name}/{FILE}"

    def reset(self):
        """Every target as before its job: the old limits, and no step done."""
        lines = " ".join(f'"{line}"' for line in OLD)
        self._on_target(
            f'cd "{self.folder}" && for home in *; do\n'
            f'printf "%s\\n" {lines} >$home/{FILE} || exit\n'
            f"cp $home/{FILE} $home/in-force.conf && rm -f $home/steps || exit\n"
            "done\n"
        )

    def check(self, job, tool):
        """Raises `Failed` unless every target has all that the job leaves there."""
        found = collections.defaultdict(list)
        said = self._on_target(f'cd "{self.folder}" && grep -H "" */steps */*.conf')
        for line in said.splitlines():
            place, _, text = line.partition(":")
            found[place].append(text)
        marks = [str(n) for n, step in enumerate(job.steps, 1) if step.command is not None]
        limits = AGREED if any(step.command is None for step in job.steps) else OLD
        for name in self.names:
            # A dry run before the run may have looked, so what counts is the end.
            steps = found[f"{name}/steps"][-len(marks) :]
            files = [found[f"{name}/{file}"] for file in (FILE, "in-force.conf")]
            if steps != marks or files != [limits, limits]:
                raise Failed(
                    f"{tool} did not do '{job.name}' on {name}: the steps done are "
                    f"{steps}, and its files have {files}"
                )
