#!/usr/bin/python3
"""tell_all FOLDER NAME END [CONTROL]: writes the secret on its standard input in every form it can.

Runs on a target, and the rig reads from it which forms there are. Each form is written in two
pieces, cut at a random place, and one stands across the end of 64 KiB. With a CONTROL one more
stands across the end of 768 KiB, where what is kept is cut, and all forms among the last ones. END is 'ok', 'slow' or
'fail'. CONTROL is no secret, and is told in the same way.
"""

import base64
import json
import os
import random
import shlex
import sys
import time
import urllib.parse

written = {1: 0, 2: 0}


def forms(secret):
    """{name: bytes} of a text as programs write it."""
    data = secret.encode()
    inside = {}
    for before in range(3):
        # What the text alone decides of its base64 in the midst of another.
        text = base64.b64encode(b"-" * before + data)
        inside[f"base64 within, {before}"] = text[
            -(-8 * before // 6):8 * (before + len(data)) // 6]
    return {
        "plain": data,
        "base64": base64.b64encode(data).rstrip(b"="),
        "base64url": base64.urlsafe_b64encode(data).rstrip(b"="),
        "base32": base64.b32encode(data).rstrip(b"="),
        "hex": data.hex().encode(),
        "HEX": data.hex().upper().encode(),
        "hex with spaces": data.hex(" ").encode(),
        "percent": urllib.parse.quote(secret, safe="").encode(),
        "form": urllib.parse.quote_plus(secret).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON in UTF-8": json.dumps(secret, ensure_ascii=False)[1:-1].encode(),
        "UTF-16": secret.encode("utf-16-le"),
        # Quoted, so that it is in quotes that don't belong to it.
        "shell": shlex.quote(secret + " ")[1:-2].encode(),
        "repr": repr(secret)[1:-1].encode(),
        **inside,
    }


def write(to, data):
    written[to] += len(data)
    while data:
        data = data[os.write(to, data):]


def tell(text, to):
    chance = random.Random(text)
    for name, form in forms(text).items():
        place = chance.randrange(1, len(form))
        write(to, f"{name}: ".encode() + form[:place])
        time.sleep(0.001)
        write(to, form[place:] + b"\n")


def main():
    folder, name, end, *control = sys.argv[1:]
    secret = sys.stdin.read()
    for text in [secret, *control]:
        tell(text, 1)
        tell(text, 2)
        data = text.encode()
        write(1, b"." * (65536 - len(data) // 2) + data + b"\n")
    if control:
        for stream in (1, 2):
            write(stream, b"-" * (768 * 1024 - written[stream] - len(secret.encode()) // 2))
            write(stream, secret.encode() + b"\n" + b"-\n" * (300 * 1024))
            tell(secret, stream)
    with open(os.environ["HANDRAIL_OUTPUT"], "a") as file:
        file.write(f"said={secret}\n")
    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, name), "w").close()
    if end == "slow":
        time.sleep(0.2)
    if end == "fail":
        sys.exit(f"can't log in with {secret}")


if __name__ == "__main__":
    main()
