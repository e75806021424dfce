# SPDX-License-Identifier: MIT
"""A hook for tests: it writes down what it was given, and waits while it is told to."""

import json
import sys

from harness import wait_for

# Isolated and without site: it starts quickly, and nothing of the machine's Python gets in.
PROGRAM = """#!{python} -IS
import json, os, resource, sys, time
directory = sys.argv[1]
began = time.monotonic_ns()
descriptors = {{}}
for name in os.listdir("/proc/self/fd"):
    try:
        descriptors[name] = os.readlink("/proc/self/fd/" + name)
    except OSError:
        pass  # the one that lists them
umask = os.umask(0)
record = dict(argv=sys.argv, environ=dict(os.environ), descriptors=descriptors, cwd=os.getcwd(), umask=umask,
              pid=os.getpid(), group=os.getpgrp(), session=os.getsid(0), stdin=sys.stdin.read(), began=began,
              cgroup=open("/proc/self/cgroup").read(), status=open("/proc/self/status").read(),
              mounts=os.readlink("/proc/self/ns/mnt"), core=resource.getrlimit(resource.RLIMIT_CORE),
              files=resource.getrlimit(resource.RLIMIT_NOFILE))
name = f"{{directory}}/{{began}}.{{os.getpid()}}"
with open(name + ".new", "w") as file:
    json.dump(record, file)
os.rename(name + ".new", name + ".begun")
while os.path.exists(directory + "/hold"):
    time.sleep(0.01)
os.rename(name + ".begun", name + ".done")
"""


class Recorder:
    """One command for the config, with a directory of its records."""

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.program = directory / "program"
        self.program.write_text(PROGRAM.format(python=sys.executable))
        self.program.chmod(0o700)

    def command(self, *words):
        return " ".join([str(self.program), str(self.directory), *words])

    def hold(self):
        """From now on its runs do not end, until release()."""
        (self.directory / "hold").touch()

    def release(self):
        (self.directory / "hold").unlink()

    def begun(self):
        """The records of all runs, in order."""
        while True:
            files = [*self.directory.glob("*.begun"), *self.directory.glob("*.done")]
            try:
                return sorted((json.loads(file.read_text()) for file in files), key=lambda record: record["began"])
            except FileNotFoundError:
                continue  # one ended in between, and has its other name now

    def wait(self, count):
        """Until so many runs have begun."""
        return wait_for(lambda: len(self.begun()) >= count and self.begun(), what=f"run {count} of the hook")

    def wait_done(self, count):
        """Until so many runs have ended, and the daemon knows; there are no more."""
        wait_for(lambda: len(list(self.directory.glob("*.done"))) >= count, what=f"the end of run {count}")
        records = self.begun()
        assert len(records) == count, [record["stdin"] for record in records]
        return records

    def told(self):
        """What the runs had as standard input."""
        return [json.loads(record["stdin"]) for record in self.begun()]


def facts(record):
    return {key: value for key, value in record["environ"].items() if key.startswith("MISSKEY_")}
