# SPDX-License-Identifier: MIT
"""What a terminal shows, as a picture: SVG, whose letters are text and whose code is drawn."""

from xml.sax.saxutils import escape

from harness import BIN
from terminal import DARK, HALVES, Terminal, plain, screen, where_drawn

WIDTH, HEIGHT = 8, 16  # of a character's cell
STYLE = "font: 13px ui-monospace, monospace; white-space: pre"
INK, PAPER = {255: "#f0f0f0", 0: "#16181c"}, "#16181c"


def rows_of_code(line, y):
    """Each half of a line as rectangles: what is next to each other and alike is one."""
    for half in range(2):
        begin = 0
        colors = [(ink if HALVES[character][half] else paper) for character, ink, paper in line]
        for end in range(1, len(colors) + 1):
            if end == len(colors) or colors[end] != colors[begin]:
                if colors[begin] != DARK[1]:
                    yield (f'<path d="M{begin * WIDTH} {y + half * HEIGHT // 2}h{(end - begin) * WIDTH}'
                           f'v{HEIGHT // 2}h-{(end - begin) * WIDTH}z"/>')
                begin = end


def svg(lines):
    code = where_drawn(lines)
    width, height = max(map(len, lines)) * WIDTH + 2 * WIDTH, len(lines) * HEIGHT + HEIGHT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">',
             f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>',
             f'<g transform="translate({WIDTH} {HEIGHT // 2})" fill="{INK[255]}" shape-rendering="crispEdges">']
    for number, line in enumerate(lines):
        if code.start <= number < code.stop:
            parts += rows_of_code(line, number * HEIGHT)
        elif line:
            parts.append(f'<text x="0" y="{number * HEIGHT + 12}" style="{STYLE}">{escape(plain(line))}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


def login_by_phone(daemon, server):
    """The terminal's lines of a login that is consented to on another device."""
    terminal = Terminal(
        [BIN / "misskey-authctl", "login", server.origin, "--as", "misskey.example", "--no-browser"],
        {**daemon.env, "NO_COLOR": "1"}, streams=("stdout", "stderr"),
    )
    terminal.wait_for("Waiting for consent…")
    login = daemon.control("GET", "/v1/accounts/misskey.example/login")[1]
    server.accept(login["consent_url"].rsplit("/", 1)[1], "alice")
    assert terminal.end()[0] == 0
    return screen("$ misskey-authctl login misskey.example --no-browser\n" +
                  terminal.text().rstrip("\n").replace(server.origin, "https://misskey.example"))

