# SPDX-License-Identifier: MIT
"""The rooms of the tree: which room can include which headers (cmake/Room.cmake)."""

import json
import pathlib
import re
import shlex
import subprocess

import pytest

from harness import BIN, ROOT

COMMANDS = BIN.parent / "compile_commands.json"
LISTS = [ROOT / folder / "CMakeLists.txt" for folder in ("common", "client", "daemon", "cli", "agent")]
WORDS = ("SOURCES", "GIVES", "STANDS_ON", "FOLDER", "SHOWS", "LIBRARIES")


def read_rooms():
    """{name: {"folder", "gives", "stands_on"}} in the order of the lists, which is from the ground up."""
    rooms = {}
    for file in LISTS:
        for call in re.findall(r"^add_room\((.*?)\)", file.read_text(encoding="utf-8"), re.S | re.M):
            name, *words = call.split()
            room = rooms[name] = {word: [] for word in WORDS}
            for word in words:
                if word in WORDS:
                    kind = word
                else:
                    room[kind].append(word)
            room["folder"] = file.parent / (room["FOLDER"] or [name])[0]
    return rooms


ROOMS = read_rooms()


def below(room):
    """The rooms that ROOM stands on, and those that they stand on."""
    found = set(ROOMS[room]["STANDS_ON"])
    for other in ROOMS[room]["STANDS_ON"]:
        found |= below(other)
    return found


def headers(room):
    return {file.stem for file in ROOMS[room]["folder"].glob("*.h")}


def reach(room, names):
    """Those of the names that a source of ROOM can include, as its own compiler call says."""
    call = next((call for call in json.loads(COMMANDS.read_text(encoding="utf-8"))
                 if pathlib.Path(call["file"]).parent == ROOMS[room]["folder"].resolve()))
    command = shlex.split(call["command"])
    command = [command[0], *[word for word in command if word.startswith("-I")], "-nostdinc", "-E", "-P", "-x", "c", "-"]
    probe = "".join(f'#if __has_include("{name}")\n{name}\n#endif\n' for name in sorted(names))
    done = subprocess.run(command, input=probe, text=True, capture_output=True, cwd=BIN, timeout=60, check=True)
    return set(done.stdout.split())


def test_every_folder_of_sources_is_a_room():
    folders = {file.parent for folder in ("common", "client", "daemon", "cli", "agent") for file in (ROOT / folder).rglob("*.c")}
    rooms = {room["folder"].resolve() for room in ROOMS.values()}
    # main.c, authctl.c and token.c, on top of them.
    assert folders - rooms == {ROOT / "daemon", ROOT / "cli", ROOT / "agent"}
    assert not list(ROOT.glob("*/**/*_internal.h"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_reaches_what_is_given_below_it_and_nothing_else(room):
    every = {f"{other}/{header}.h" for other in ROOMS for header in headers(other)}
    given = {f"{other}/{header}.h" for other in {room, *below(room)} for header in ROOMS[other]["GIVES"]}
    by_name = {f"{header}.h" for other in ROOMS if other != room for header in headers(other)}
    paths = {str(file.relative_to(ROOT)) for other in ROOMS for file in ROOMS[other]["folder"].glob("*.h")}
    assert reach(room, every | by_name | paths) == given


def configure(tmp_path, lines):
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.25)\nproject(walls LANGUAGES C)\nadd_library(build INTERFACE)\n"
        f"include({ROOT}/cmake/Room.cmake)\n{lines}", encoding="utf-8")
    for room in ("cellar", "attic"):
        (tmp_path / room).mkdir()
        (tmp_path / room / f"{room}.c").write_text(f'#include "{room}/{room}.h"\n', encoding="utf-8")
        (tmp_path / room / f"{room}.h").write_text("int some;\n", encoding="utf-8")
    return subprocess.run(["cmake", "-S", tmp_path, "-B", tmp_path / "build"], text=True, capture_output=True,
                          timeout=120, check=False)


CELLAR = "add_room(cellar SOURCES cellar GIVES cellar{})\n"
ATTIC = "add_room(attic SOURCES attic GIVES attic STANDS_ON cellar)\n"


def test_rooms_are_made_from_the_ground_up(tmp_path):
    done = configure(tmp_path, CELLAR.format("") + ATTIC)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("order", [ATTIC + CELLAR.format(""), CELLAR.format(" STANDS_ON attic") + ATTIC])
def test_a_room_cannot_stand_on_one_above_it(tmp_path, order):
    done = configure(tmp_path, order)
    assert done.returncode != 0 and "there is no such room below it" in re.sub(r"\s+", " ", done.stderr)


def test_an_upward_include_does_not_build(tmp_path):
    assert configure(tmp_path, CELLAR.format("") + ATTIC).returncode == 0
    (tmp_path / "cellar/cellar.c").write_text('#include "attic/attic.h"\n', encoding="utf-8")
    done = subprocess.run(["cmake", "--build", tmp_path / "build"], text=True, capture_output=True, timeout=120, check=False)
    assert done.returncode != 0 and "attic/attic.h: No such file or directory" in done.stdout + done.stderr


def test_the_table_of_the_architecture_is_the_list_of_rooms():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    table = text.split("| room |")[1].split("\n\n")[0]
    documented = re.findall(r"^\| `([\w/]+)/` \|", table, re.M)
    assert documented == [str(room["folder"].resolve().relative_to(ROOT)) for room in reversed(ROOMS.values())]


def test_nobody_climbs_out_of_a_room():
    """#include "../room/x.h" is found beside the source itself, past every -I."""
    climbing = re.compile(r'^\s*#\s*include\s+["<][^">]*\.\./', re.M)
    assert climbing.search('#include "../store/entry.h"')
    sources = [file for rooms in LISTS for file in rooms.parent.rglob("*.[ch]")]
    assert len(sources) > 200
    assert [file for file in sources if climbing.search(file.read_text(encoding="utf-8"))] == []
