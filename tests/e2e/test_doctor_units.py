# SPDX-License-Identifier: MIT
"""misskey-authctl doctor on a real user manager: what it says of the units is true, and its remedies work."""

import shutil
import socket

import pytest

from doctoring import START, Findings
from harness import free_port

SERVICE, CALLBACK, CONTROL = "misskey-authd.service", "misskey-authd-callback.socket", "misskey-authd-control.socket"
LOGIN, TIMER = "misskey-authd-login.service", "misskey-authd-verify.timer"
ALL = (SERVICE, CALLBACK, CONTROL, LOGIN, TIMER)
PORT_DROP_IN = f".config/systemd/user/{CALLBACK}.d/port.conf"


class Units:
    """Our units in a manager, as after the installation: nothing is enabled, nothing runs."""

    def __init__(self, manager):
        self.manager = manager
        self.reset()
        for left in (".local", ".config/misskey-authd"):
            shutil.rmtree(manager.home / left, ignore_errors=True)
        self.set_port(free_port())

    def reset(self):
        for command in (("unmask", *ALL), ("disable", *ALL), ("stop", *ALL), ("reset-failed",)):
            self.manager.systemctl(*command)

    def set_port(self, port):
        self.port = port
        self.manager.write(PORT_DROP_IN, f"[Socket]\nListenStream=\nListenStream=127.0.0.1:{port}\n")
        self.manager.systemctl("daemon-reload")

    def doctor(self):
        return Findings(self.manager.authctl("doctor", "--json"))

    def follow(self, finding):
        """Does what the remedy says, as it stands there."""
        path = f"{self.manager.programs}:{self.manager.env['PATH']}"
        done = self.manager.run("sh", "-c", finding["remedy"].rsplit(": ", 1)[-1], PATH=path)
        assert done.returncode == 0, done.stderr


@pytest.fixture
def units(manager):
    one = Units(manager)
    yield one
    one.reset()
    (manager.home / PORT_DROP_IN).unlink()
    manager.systemctl("daemon-reload")


def expect_well(found, port):
    found.expect("units", "ok", "systemd listens on both sockets, and starts misskey-authd.service when it is needed")
    found.expect("port", "ok", f"systemd waits for browsers at 127.0.0.1:{port}")
    assert not found.bad(), found


def test_from_the_installation_to_all_is_well(units):
    found = units.doctor()
    units.follow(found.expect("units", "warning", "misskey-authd.service does not run, and its sockets do not listen", START))
    for unit, option in ((LOGIN, "--at-login"), (TIMER, "--verify-daily")):
        units.follow(units.doctor().expect("units", "note", f"{unit} is not enabled", option))
    expect_well(units.doctor(), units.port)
    # The service is not needed now.
    units.manager.systemctl("stop", SERVICE)
    expect_well(units.doctor(), units.port)
    assert len([finding for finding in units.doctor().of("units") if finding["status"] == "ok"]) == 3


@pytest.mark.parametrize("unit", [CALLBACK, CONTROL])
def test_a_socket_that_does_not_listen_while_the_service_runs(units, unit):
    assert units.manager.authctl("enable").returncode == 0
    assert units.manager.systemctl("stop", unit).returncode == 0
    units.manager.systemctl("start", SERVICE)
    units.manager.systemctl("stop", unit)
    assert units.manager.show(SERVICE, "ActiveState") == ["active"]
    units.follow(units.doctor().expect("units", "warning", f"{unit} does not listen", START))
    expect_well(units.doctor(), units.port)


def test_a_port_that_is_anothers(units):
    # The daemon itself would try the config's.
    units.manager.write(".config/misskey-authd/config.ini", f"[daemon]\nlisten = 127.0.0.1:{units.port}\n")
    with socket.create_server(("127.0.0.1", units.port)):
        units.manager.systemctl("enable", "--now", SERVICE)
        found = units.doctor()
        found.expect("units", "error", f"{CALLBACK} has failed: it does not listen", START)
        remedy = found.expect("port", "warning", f"127.0.0.1:{units.port} is taken by another program", "enable --port ")
        units.manager.write(".config/misskey-authd/config.ini", "")
        units.follow(remedy)
    expect_well(units.doctor(), int(remedy["remedy"].split()[-1]))


@pytest.fixture(params=[SERVICE, CALLBACK, CONTROL])
def removed(units, request):
    """A unit whose file is not there during the test."""
    file = units.manager.home / f".config/systemd/user/{request.param}"
    text = file.read_text()
    file.unlink()
    units.manager.systemctl("daemon-reload")
    yield request.param
    units.manager.systemctl("unmask", request.param)
    units.manager.write(f".config/systemd/user/{request.param}", text)
    units.manager.systemctl("daemon-reload")


def test_a_unit_that_is_not_installed(units, removed):
    units.doctor().expect("units", "warning", f"systemd does not know {removed}", START)


def test_a_masked_unit(units, removed):
    assert units.manager.systemctl("mask", removed).returncode == 0
    units.doctor().expect("units", "warning", f"{removed} is masked", f"systemctl --user unmask {removed}")
