"""A job by parallel-ssh: one command after the other, each on all targets that are left."""

import json
import os
import sys

from pssh.clients import ParallelSSHClient
from pssh.config import HostConfig

with open(os.environ["BENCH_JOB"]) as file:
    job = json.load(file)

client = ParallelSSHClient(
    [target["address"] for target in job["targets"]],
    host_config=[
        HostConfig(port=target["port"], alias=target["name"]) for target in job["targets"]
    ],
    user="root",
    pkey=job["key"],
    pool_size=job["parallel"],
    allow_agent=False,
    identity_auth=False,
)
for step in job["steps"]:
    output = client.run_command(step["command"] or job["written_by_shell"])
    client.join(output, consume_output=True)
    failed = [host.alias for host in output if host.exit_code != 0]
    if failed:
        sys.exit(f"{step['title']}: failed on {' '.join(failed)}")
