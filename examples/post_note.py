#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Posts a note with the credential that misskey-token has for ACCOUNT, and prints the note's id.

Where there is no credential, misskey-token's message and exit status are this program's; where
the server refuses the note, the exit status is 1.
"""

import argparse
import json
import subprocess
import sys
import urllib.error
import urllib.request

TEXT = "Hello Misskey API World with My Application!"


def read_credential(account):
    """{"account", "server", "user", "i", "permission", "state"}"""
    command = ["misskey-token", *([account] if account else []), "--json"]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE)
    except OSError as error:
        sys.exit(f"post_note.py: misskey-token cannot be started: {error.strerror}")
    if done.returncode != 0:
        sys.exit(done.returncode)  # it has said why
    return json.loads(done.stdout)


def call(credential, endpoint, **parameters):
    """One call of the API. Every version of Misskey takes `i` from the body."""
    request = urllib.request.Request(
        f"{credential['server']}/api/{endpoint}",
        data=json.dumps({"i": credential["i"], **parameters}).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("account", metavar="ACCOUNT", nargs="?", help="can be left out, or empty, if there is only one")
    parser.add_argument("text", metavar="TEXT", nargs="?", default=TEXT)
    arguments = parser.parse_args()
    credential = read_credential(arguments.account)
    try:
        print(call(credential, "notes/create", text=arguments.text)["createdNote"]["id"])
    except urllib.error.HTTPError as error:
        answer = error.read().decode(errors="replace")
        sys.exit(f"post_note.py: {credential['server']} refused the note: {error} {answer}")
    except (OSError, ValueError, LookupError, TypeError) as error:
        sys.exit(f"post_note.py: {credential['server']} could not be reached, or answered strangely: {error}")


if __name__ == "__main__":
    main()
