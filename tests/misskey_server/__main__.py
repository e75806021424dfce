# SPDX-License-Identifier: MIT
"""python3 tests/misskey_server: the test server as a program.

Prints one line of JSON, {"origin": …, "pid": …}, when it is ready, and ends on SIGTERM, SIGINT
or, if asked to, when its standard input closes.
"""

import argparse
import json
import os
import pathlib
import signal
import sys
import threading

# Started as a directory, Python looks for modules in it instead of beside it.
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)

from misskey_server import APP_AUTHORIZATION, MisskeyServer  # noqa: E402
from misskey_server.variants import PROFILES  # noqa: E402


def parse_arguments():
    parser = argparse.ArgumentParser(prog="misskey_server", description="A Misskey server for tests.")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="2025", help="which version to be")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 chooses one")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"), help="speak https with these PEM files")
    parser.add_argument("--public-host", metavar="NAME", help="the name in its own URLs")
    parser.add_argument("--auto-accept", metavar="USER", help="opening a consent page consents as USER")
    parser.add_argument("--without-apps", action="store_true", help="have MiAuth alone, no app authorization")
    parser.add_argument("--until-stdin-closes", action="store_true", help="end with the parent process")
    return parser.parse_args()


def main() -> int:
    arguments = parse_arguments()
    done = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.set())
    server = MisskeyServer(
        profile=arguments.profile,
        host=arguments.host,
        port=arguments.port,
        public_host=arguments.public_host,
        tls=tuple(arguments.tls) if arguments.tls else None,
        auto_accept=arguments.auto_accept,
    )
    if arguments.without_apps:
        server.missing.update(APP_AUTHORIZATION)
    try:
        server.start()
    except OSError as error:
        print(f"misskey_server: cannot listen on {arguments.host}:{arguments.port}: {error}", file=sys.stderr)
        return 1
    if arguments.until_stdin_closes:
        threading.Thread(target=lambda: (wait_for_end_of_stdin(), done.set()), daemon=True).start()
    print(json.dumps({"origin": server.origin, "pid": os.getpid()}), flush=True)
    done.wait()
    server.stop()
    return 0


def wait_for_end_of_stdin() -> None:
    while os.read(0, 4096):
        pass


if __name__ == "__main__":
    sys.exit(main())
