# SPDX-License-Identifier: MIT
"""What --help says of the programs, their commands and their options."""

import re
import subprocess

from harness import BIN

PROGRAMS = ("misskey-authd", "misskey-authctl", "misskey-token")


def help_of(program, *command):
    return subprocess.run(
        [BIN / program, *command, "--help"], text=True, capture_output=True, check=True, timeout=60
    ).stdout


def commands_of_help():
    """Those of misskey-authctl."""
    return re.findall(r"^  ([a-z]+)(?: \S+)*  ", help_of("misskey-authctl"), re.M)


def command_lines(program):
    """The program, and with each of its commands: [("misskey-authctl",), ("misskey-authctl", "login"), …]."""
    commands = commands_of_help() if program == "misskey-authctl" else []
    return [(program,), *((program, command) for command in commands)]


def options_of_help(program, *command):
    """{"--json", "-c"}: those of the program too, which each of its commands takes."""
    text = help_of(program) + (help_of(program, *command) if command else "")
    return set(re.findall(r"(?<![\w-])(--?[A-Za-z][a-z-]*)", text))
