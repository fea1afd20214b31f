"""Debian's Alertmanager, alone on this machine, for cases and scenarios that silence something."""

import json
import os
import socket
import subprocess
import time
import urllib.request

from .rig import claim

PATIENCE = 30


def start(folder, spawn):
    """Starts one that keeps what it has in a new folder; its URL. Whoever spawns it ends it."""
    os.makedirs(folder)
    config = os.path.join(folder, "alertmanager.yml")
    with open(config, "w") as file:
        file.write("route: { receiver: none }\nreceivers: [{ name: none }]\n")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % free.getsockname()[1]
    spawn([
        "prometheus-alertmanager", "--config.file=" + config, "--storage.path=" + folder + "/data",
        "--web.listen-address=" + address, "--cluster.listen-address="],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url, deadline = "http://" + address, time.monotonic() + PATIENCE
    while not is_ready(url):
        claim(time.monotonic() < deadline, f"Alertmanager isn't ready after {PATIENCE} s")
        time.sleep(0.1)
    return url


def is_ready(url):
    try:
        return urllib.request.urlopen(url + "/-/ready", timeout=1).status == 200
    except OSError:
        return False


def silences(url):
    """All silences that it has, those that are over too."""
    return json.load(urllib.request.urlopen(url + "/api/v2/silences", timeout=10))
