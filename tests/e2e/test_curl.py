# SPDX-License-Identifier: MIT
"""The control API as its users see it: every request of docs/control-api.md with the real curl."""

import json
import re
import shutil
import subprocess
from typing import NamedTuple, Optional, Union

import pytest

from control_api import API, REQUESTS, members
from harness import authorize

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")


class Try(NamedTuple):
    """How a request is tried, and what comes back."""

    answer: Union[str, set]  # an object of the document, as members() calls it, or the members themselves
    body: Optional[str] = None
    account: str = "me"  # NAME
    options: tuple = ()  # further ones of curl
    ends: int = 0  # curl's exit status

    @property
    def members(self):
        return members(self.answer) if isinstance(self.answer, str) else self.answer


# By the headings of the document. Words in capitals are replaced by what they are in the `world`.
TRIES = {
    "GET /v1/status": Try("STATUS"),
    "GET /v1/accounts": Try({"accounts"}),
    "GET /v1/accounts?server=SERVER&user=USER&permission=LIST": Try({"accounts"}),
    "GET /v1/accounts/NAME": Try("ACCOUNT"),
    "POST /v1/accounts/NAME/login": Try("LOGIN", '{"server": "ORIGIN", "browser": true}'),
    "GET /v1/accounts/NAME/login?wait=SECONDS&revision=N": Try("LOGIN"),
    "DELETE /v1/accounts/NAME/login": Try("LOGIN", account="opening"),
    "POST /v1/accounts/NAME/rename": Try("ACCOUNT", '{"to": "another"}'),
    "GET /v1/accounts/NAME/token": Try("TOKEN"),
    "GET /v1/accounts/NAME/credential": Try("CREDENTIAL"),
    "POST /v1/accounts/NAME/verify": Try("VERIFICATION"),
    "POST /v1/accounts/NAME/browser": Try("LOGIN", '{"problem": "There is no browser."}', account="opening"),
    "DELETE /v1/accounts/NAME": Try("FORGOTTEN"),
    # curl ends after a second: 28.
    "GET /v1/events": Try({"event", "time", "status"}, options=("-N", "-m", "1"), ends=28),
    "POST /v1/reload": Try("RELOAD"),
    "POST /v1/callback": Try("LOGIN", '{"url": "CALLBACK"}'),
}


@pytest.fixture
def world(daemon, server_2025):
    """An account that is logged in, one whose login waits for its callback, and one that waits for a browser."""
    revision = authorize(daemon, server_2025, "me")["revision"]
    waiting = daemon.login("elsewhere", server=server_2025.origin, browser=False)
    daemon.login("opening", server=server_2025.origin)
    token = waiting["consent_url"].rsplit("/", 1)[1]
    server_2025.accept(token, "bob")
    return {
        "NAME": "me", "SERVER": server_2025.origin, "USER": "alice", "LIST": "write:notes",
        "ORIGIN": server_2025.origin, "SECONDS": "1", "N": str(revision),
        "CALLBACK": daemon.callback_url(token),
    }


def fill_in(text, world):
    return re.sub(r"\b[A-Z]+\b", lambda word: world[word[0]], text)


def curl(daemon, target, *options):
    """(exit status, HTTP status, body). A proxy, which a user may have set, has no part in this."""
    done = subprocess.run(
        ["curl", "-sS", "--unix-socket", daemon.socket, "-w", "\n%{http_code}", *options, f"http://localhost{target}"],
        env={**daemon.env, "http_proxy": "http://127.0.0.1:1"}, text=True, capture_output=True, timeout=60,
    )
    body, _, status = done.stdout.rpartition("\n")
    return done.returncode, int(status), body


def method_options(method, body_option, body):
    """As few as a person would type."""
    options = [body_option, body] if body else []
    # A body makes it a POST.
    return options if method == ("POST" if body else "GET") else ["-X", method, *options]


def test_every_heading_has_a_try_and_the_reverse():
    assert set(TRIES) == set(REQUESTS)


@pytest.mark.parametrize("heading, body_option", [
    (heading, option) for heading, one in TRIES.items() for option in (("--json", "-d") if one.body else ("",))
])  # fmt: skip
def test_every_request_answers_curl_as_documented(daemon, world, heading, body_option):
    one = TRIES[heading]
    secret = daemon.credentials()["me"]["i"]
    method, target = heading.split()
    world = {**world, "NAME": one.account}
    options = method_options(method, body_option, one.body and fill_in(one.body, world))
    ended, status, answer = curl(daemon, fill_in(target, world), *options, *one.options)
    assert (ended, status) == (one.ends, 200), answer
    # The first line of a stream.
    assert set(json.loads(answer.splitlines()[0])) == one.members
    assert (secret in answer) == (one.answer in ("TOKEN", "CREDENTIAL"))


def test_an_account_name_may_be_percent_encoded(daemon, server_2025):
    authorize(daemon, server_2025, "bob@home", username="bob")
    for name in ("bob@home", "bob%40home"):
        assert json.loads(curl(daemon, f"/v1/accounts/{name}")[2])["account"] == "bob@home"


def test_an_error_is_json_too(daemon):
    ended, status, answer = curl(daemon, "/v1/accounts/nobody")
    assert (ended, status, json.loads(answer)["error"]["code"]) == (0, 404, "NO_SUCH_ACCOUNT")
    assert curl(daemon, "/v1/accounts/nobody", "--fail-with-body") == (22, 404, answer)
    ended, status, answer = curl(daemon, "/v1/accounts/me/login", "-d", "server=misskey.example")
    assert (status, json.loads(answer)["error"]["code"]) == (400, "INVALID_REQUEST")


def test_a_body_that_is_too_large_is_refused(daemon, tmp_path):
    body = tmp_path / "body"
    body.write_text(json.dumps({"url": "x" * 16 * 1024}))
    assert curl(daemon, "/v1/callback", "--json", f"@{body}")[:2] == (0, 413)


def test_the_documents_lines_can_be_typed(daemon, server_2025):
    """In that order, in one shell."""
    authorize(daemon, server_2025, "misskey.example")
    section = API.split("## With curl\n")[1].split("\n## ")[0]
    lines = re.findall(r"^    (.*)$", section, re.M)
    assert lines[0].startswith("socket=") and all(line.startswith("curl ") for line in lines[1:])
    script = "\n".join(line.replace("curl ", "curl -sS --fail-with-body ", 1) for line in lines)
    done = subprocess.run(["sh", "-eu", "-c", script], env=daemon.env, text=True, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    answers = [set(json.loads(line)) for line in done.stdout.splitlines()]
    assert len(answers) == len(lines) - 1
    documented = [one.members for one in TRIES.values()]
    assert all(answer in documented for answer in answers)
