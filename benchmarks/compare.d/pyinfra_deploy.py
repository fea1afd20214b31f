"""A job as pyinfra's operations; run by pyinfra, with the job in the file named by BENCH_JOB."""

import json
import os

from pyinfra.context import host
from pyinfra.operations import files, server

with open(os.environ["BENCH_JOB"]) as file:
    job = json.load(file)

for step in job["steps"]:
    if step["command"] is None:
        files.put(name=step["title"], src=job["content"], dest=host.data.limits, mode="644")
    else:
        server.shell(name=step["title"], commands=[step["command"]])
