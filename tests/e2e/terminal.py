# SPDX-License-Identifier: MIT
"""A pseudo-terminal with a person before it, who looks at it through the camera of a phone."""

import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios
import threading

import pytest

from harness import wait_for

BLACK, WHITE = 0, 255
# Text and background of a terminal where nothing else is asked for.
DARK = (WHITE, BLACK)
LIGHT = (BLACK, WHITE)
# How many pixels a half of a character's cell is wide and high.
SCALE = 4

PIECES = re.compile(r"\x1b\[([\d;]*)([A-Za-z])|(.)", re.S)


class Terminal:
    """Runs a program whose standard error, unless told otherwise, is a terminal of that many columns."""

    def __init__(self, command, env, columns=80, streams=("stderr",)):
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
        standard = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        standard.update({stream: theirs for stream in streams})
        self.process = subprocess.Popen(command, env=env, **standard)
        os.close(theirs)
        self.keys = ours
        self.output = b""
        self.reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self.reader.start()

    def _read(self, ours):
        try:
            while chunk := os.read(ours, 65536):
                self.output += chunk
        except OSError:  # the last process that had it open has ended
            pass
        os.close(ours)

    def text(self):
        """All that was written to it."""
        return self.output.decode(errors="replace").replace("\r\n", "\n")

    def wait_for(self, text):
        wait_for(lambda: text in self.text(), what=f"{text!r} on the terminal")

    def end(self):
        """The exit status and what went to standard output, or error, whichever is not the terminal."""
        streams = self.process.communicate(timeout=60)
        self.reader.join(10)
        return self.process.returncode, b"".join(stream or b"" for stream in streams).decode()

    def lines(self, theme=DARK):
        return screen(self.text(), theme)


def colors_after(parameters, colors, theme):
    """What SGR does; of colours only what a code is drawn with is known."""
    ink, paper = colors
    known = {"16": BLACK, "231": WHITE}
    if parameters in ("", "0"):
        return theme
    for layer, color in re.findall(r"(38|48);5;(\d+)", parameters):
        ink, paper = (known[color], paper) if layer == "38" else (ink, known[color])
    assert not re.sub(r"(38|48);5;\d+;?", "", parameters), parameters
    return ink, paper


def screen(text, theme=DARK):
    """What a terminal that is wide enough shows: lines of (character, ink, paper)."""
    lines, colors, column = [[]], theme, 0
    for parameters, command, character in PIECES.findall(text):
        if command == "m":
            colors = colors_after(parameters, colors, theme)
        elif command == "K":
            del lines[-1][column:]
        elif command:
            raise AssertionError(f"ESC [{parameters}{command}")
        elif character == "\r":
            column = 0
        elif character == "\n":
            lines.append([])
            column = 0
        else:
            lines[-1][column:column + 1] = [(character, *colors)]
            column += 1
    return lines


def plain(line):
    return "".join(character for character, _, _ in line)


def where_drawn(lines):
    """The slice of lines, of a dark terminal, that are a code: nothing else has such characters or colours."""
    drawn = [
        number for number, line in enumerate(lines)
        if any(character in "▀▄█" or (ink, paper) != DARK for character, ink, paper in line)
    ]
    return slice(drawn[0], drawn[-1] + 1) if drawn else slice(0, 0)


def drawing(lines):
    return lines[where_drawn(lines)]


HALVES = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}


def picture(lines, theme=DARK):
    """The lines as a photograph of a screen with that background all around, as a PGM."""
    width = max(len(line) for line in lines)
    margin = 8
    rows = []
    for line in lines:
        cells = line + [(" ", *theme)] * (width - len(line))
        for half in range(2):
            row = [theme[1]] * margin
            row += [ink if HALVES[character][half] else paper for character, ink, paper in cells]
            rows.append(row + [theme[1]] * margin)
    border = [[theme[1]] * (width + 2 * margin)] * margin
    pixels = b"".join(
        bytes(pixel for pixel in row for _ in range(SCALE)) * SCALE for row in border + rows + border
    )
    return b"P5 %d %d 255\n" % (len(rows[0]) * SCALE, (len(rows) + 2 * margin) * SCALE) + pixels


def decode(lines, theme=DARK):
    """The texts of all codes in a picture of the lines, read by zbar."""
    if not shutil.which("zbarimg"):
        pytest.skip("zbarimg is not installed (package zbar-tools)")
    with tempfile.NamedTemporaryFile(suffix=".pgm") as file:
        file.write(picture(lines, theme))
        file.flush()
        done = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file.name],
            text=True, capture_output=True, timeout=60,
        )
    assert done.returncode in (0, 4), done.stderr  # 4: there is no code
    return done.stdout.splitlines()
