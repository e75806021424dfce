# SPDX-License-Identifier: MIT
""""Open" of a notification of the daemon as a service: the browser is outside of its sandbox and control group."""

import os
import shutil

import pytest

from desktop import BrowserRecorder, NotificationService, why_not
from harness import wait_for
from misskey_server import MisskeyServer
from service_story import AGENT, UNIT, Service

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@pytest.fixture
def desktop(manager):
    address = f"unix:path={manager.runtime}/bus"
    if manager.systemctl("start", "dbus.socket").returncode != 0:
        pytest.skip("there is no D-Bus of the user (package dbus-user-session)")
    one = NotificationService(address, command=manager.as_user, env=manager.env)
    yield one
    one.stop()


@pytest.fixture
def browser(manager):
    """In the home, which the service's sandbox hides; the display came after the service was started."""
    directory = manager.home / "browser"
    one = BrowserRecorder(directory)
    for path in (directory, one.program):
        os.chown(path, manager.user.pw_uid, manager.user.pw_gid)
    yield one
    (directory / "stay").unlink(missing_ok=True)
    manager.systemctl("unset-environment", "DISPLAY", "BROWSER")
    wait_for(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in one.opened()), what="the end of the browser")
    shutil.rmtree(directory)


@pytest.fixture
def service(manager):
    one = Service(manager).start()
    yield one
    one.stop()


def test_the_browser_is_outside_and_stays(manager, service, desktop, browser):
    (browser.directory / "stay").touch()
    manager.systemctl("set-environment", "DISPLAY=:77", f"BROWSER={browser.program}", "ASAN_OPTIONS=detect_leaks=0")
    with MisskeyServer(profile="2025") as server:
        service.abandon_login(server)
        desktop.wait_for(1)
        desktop.press(1)
        url = browser.wait()
        assert url.startswith(f"http://127.0.0.1:{service.port}/start/")
        (pid,) = browser.opened()
        cgroup = (browser.directory / f"{pid}.cgroup").read_text()
        assert ".scope" in cgroup and UNIT not in cgroup and AGENT not in cgroup
        assert os.readlink(f"/proc/{pid}/ns/mnt") == os.readlink(f"/proc/{manager.process.pid}/ns/mnt")
        # The address is in the browser's arguments alone.
        assert "/start/" not in manager.systemctl("show", "*.scope", AGENT).stdout
        service.consent(server, url)
        wait_for(lambda: len(desktop.shown()) == 2)
        assert manager.systemctl("stop", UNIT).returncode == 0
    wait_for(lambda: manager.show(AGENT, "ActiveState") == ["inactive"], what="the end of the agent")
    assert os.path.exists(f"/proc/{pid}")
