# SPDX-License-Identifier: MIT
"""MiAuth, which Misskey has from 12.27 on: no app, and a session that the client made up.

The page at /miauth/SESSION is miauth_page.html. Accept makes a token for the session, as often as it is pressed;
the first of a session is given out once, to whoever knows the session.
"""

import json
import pathlib
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

PAGE = (pathlib.Path(__file__).resolve().parent / "miauth_page.html").read_text(encoding="utf-8")


@dataclass
class MiauthToken:
    """`token` is the valid `i`."""

    session: str
    token: str
    user: object
    name: str
    permission: list
    fetched: bool = False


def miauth_page(session: str, signin_endpoint: str) -> str:
    """The page for any session: the rest is in its address, which its script reads."""
    settings = json.dumps({"session": session, "signin": signin_endpoint})
    return PAGE.replace("{{settings}}", settings.replace("<", "\\u003c"))


def read_consent_url(url: str) -> tuple:
    """(session, name, permission, callback) of a consent page's address."""
    parts = urlsplit(url)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    permission = [one for one in query.get("permission", "").split(",") if one]
    return parts.path.rsplit("/", 1)[1], query.get("name", ""), permission, query.get("callback")
