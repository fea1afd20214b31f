"""The tools that are compared: each makes a job its own way, and says which command does it."""

import collections
import json
import os

import fleet_bench
from fleet_bench import PARALLEL
from jobs import CONTENT, FILE, written_by_shell

HERE = os.path.dirname(os.path.realpath(__file__))

# `prepare` takes a Setting and a job, and returns a command and its environment. `job` is the only
# one that the tool does. Slow tools are asked with so many targets at most, or only once with more
# than so many; and their first round counts.
Tool = collections.namedtuple("Tool", "title prepare job most once_beyond", defaults=(None,) * 3)
Setting = collections.namedtuple("Setting", "fleet homes handrail python_bin")


def floor(setting, job):
    lines = [step.command or written_by_shell() for step in job.steps]
    return setting.fleet.one_script(job.name, "\n".join(["set -e", *lines, ""])), None


def handrail(setting, job):
    runbook = f"bench.{job.name}"
    folder = setting.fleet.path(f"library-{job.name}")
    if not os.path.exists(folder):
        _library(folder, setting, job, runbook)
    return fleet_bench.run_command(setting.handrail, setting.fleet, runbook, folder), None


def handrail_by_script(setting, job):
    """The file by the script that the floor has, too: without diff, backup and undo."""
    steps = [
        step._replace(
            command=step.command or written_by_shell(), effect=step.effect or "idempotent"
        )
        for step in job.steps
    ]
    return handrail(setting, job._replace(name=f"{job.name}-by-script", steps=steps))


def _library(folder, setting, job, runbook):
    inventory = {
        target.name: {
            "address": target.address,
            "port": target.port,
            "user": "root",
            "environment": "bench",
            "labels": {"limits": setting.homes.file(target.name)},
        }
        for target in setting.fleet.targets
    }
    text = "handrail: 1\ntargets:\n" + "".join(
        f"  {name}: {json.dumps(entry)}\n" for name, entry in inventory.items()
    )
    steps, files = [], {}
    for step in job.steps:
        shared = {"id": step.id, "title": step.title}
        script = f"scripts/{step.id}"
        if step.command is None:
            files[f"files/{FILE}"] = CONTENT
            wanted = {"path": "$target.limits", "content": f"files/{FILE}", "mode": "0644"}
            steps.append(shared | {"file": wanted})
            continue
        files[script] = f"#!/bin/sh\n{step.command}\n"
        if step.effect == "assert":
            steps.append(shared | {"assert": {"script": script}})
        else:
            steps.append(shared | {"effect": step.effect, "run": {"script": script}})
    fleet_bench.library(folder, text, runbook, job.title, steps, files)


def _job_file(setting, job):
    """The job for the programs in this folder that run inside of a tool, in JSON."""
    fleet = setting.fleet
    content = fleet.write("agreed.conf", CONTENT)
    return fleet.write(
        f"{job.name}.json",
        json.dumps(
            {
                "steps": [step._asdict() for step in job.steps],
                "content": content,
                "written_by_shell": written_by_shell(),
                "targets": [target._asdict() for target in fleet.targets],
                "key": os.path.join(fleet.folder, "id_ed25519"),
                "parallel": PARALLEL,
            }
        ),
    )


def _environment(setting, **more):
    return (
        os.environ
        | {
            "PATH": f"{setting.python_bin}:{os.environ['PATH']}",
            "LC_ALL": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        | more
    )


def parallel_ssh(setting, job):
    command = [f"{setting.python_bin}/python", os.path.join(HERE, "parallel_ssh_job.py")]
    return command, _environment(setting, BENCH_JOB=_job_file(setting, job))


def pyinfra(setting, job):
    fleet = setting.fleet
    hosts = [
        (
            target.name,
            {
                "ssh_hostname": target.address,
                "ssh_port": target.port,
                "ssh_user": "root",
                "ssh_key": os.path.join(fleet.folder, "id_ed25519"),
                "ssh_config_file": fleet.config,
                "ssh_known_hosts_file": os.path.join(fleet.folder, "known_hosts"),
                "ssh_strict_host_key_checking": "yes",
                "ssh_allow_agent": False,
                "ssh_look_for_keys": False,
                "limits": setting.homes.file(target.name),
            },
        )
        for target in fleet.targets
    ]
    inventory = fleet.write("pyinfra_inventory.py", f"hosts = {hosts!r}\n")
    command = [
        f"{setting.python_bin}/pyinfra",
        "--yes",
        "--parallel",
        str(PARALLEL),
        inventory,
        os.path.join(HERE, "pyinfra_deploy.py"),
    ]
    return command, _environment(setting, BENCH_JOB=_job_file(setting, job))


def ansible(strategy, ssh_options=""):
    def prepare(setting, job):
        fleet, name = setting.fleet, f"{job.name}-{strategy}"
        content = fleet.write("agreed.conf", CONTENT)
        tasks = [
            {"name": step.title}
            | (
                {"ansible.builtin.copy": {"src": content, "dest": "{{ limits }}", "mode": "0644"}}
                if step.command is None
                else {"ansible.builtin.shell": {"cmd": step.command}}
            )
            for step in job.steps
        ]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        playbook = fleet.write(f"{name}.yaml", json.dumps(play, indent=1))
        hosts = "".join(
            f"{target.name} limits={setting.homes.file(target.name)}\n" for target in fleet.targets
        )
        settings = [
            "[defaults]",
            f"inventory = {fleet.write('ansible_hosts', hosts)}",
            f"forks = {PARALLEL}",
            "gathering = explicit",
            "host_key_checking = True",
            "interpreter_python = /usr/bin/python3",
            "internal_poll_interval = 0.001",
            "retry_files_enabled = False",
            f"strategy = {strategy}",
            *_plugins(setting, strategy),
            f"local_tmp = {fleet.path('ansible')}",
            "[ssh_connection]",
            "pipelining = True",
            f"ssh_args = -F {fleet.config} {ssh_options}",
            f"control_path_dir = {fleet.path('masters')}",
            "",
        ]
        config = fleet.write(f"{name}.cfg", "\n".join(settings))
        command = [f"{setting.python_bin}/ansible-playbook", playbook]
        return command, _environment(setting, ANSIBLE_CONFIG=config)

    return prepare


def _plugins(setting, strategy):
    if not strategy.startswith("mitogen"):
        return []
    code = "import ansible_mitogen, os; print(os.path.dirname(ansible_mitogen.__file__))"
    folder = fleet_bench.output([f"{setting.python_bin}/python", "-c", code])
    return [f"strategy_plugins = {folder}/plugins/strategy"]


TOOLS = {
    "floor": Tool("floor: one script a target", floor),
    "handrail": Tool("Handrail", handrail),
    "by-script": Tool("Handrail, the file by a script", handrail_by_script, job="fix"),
    "parallel-ssh": Tool("parallel-ssh", parallel_ssh),
    "pyinfra": Tool("pyinfra", pyinfra),
    "mitogen": Tool("ansible-core + mitogen", ansible("mitogen_linear"), once_beyond=100),
    "ansible": Tool(
        "ansible-core, tuned",
        ansible("linear", "-o ControlMaster=auto -o ControlPersist=60s"),
        most=10,
    ),
}
