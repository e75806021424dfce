# SPDX-License-Identifier: MIT
"""The pages at /auth/TOKEN. The page itself is consent_page.html; its script speaks to the API."""

import json
import pathlib

TEMPLATE = (pathlib.Path(__file__).resolve().parent / "consent_page.html").read_text(encoding="utf-8")


def consent_page(token: str, profile) -> str:
    """The page for a session's token, whether or not there is such a session."""
    settings = json.dumps({
        "token": token,
        "signin": profile.signin_endpoint,
        "callbackQuery": profile.callback_query,
        "cancelIsShown": profile.cancel_is_shown,
        "escapesNameTwice": profile.escapes_name_twice,
    })  # fmt: skip
    return TEMPLATE.replace("{{settings}}", settings.replace("<", "\\u003c"))


def accepted_page() -> str:
    """What a plain client sees of an app without a callback."""
    return "<!doctype html><title>Accepted</title><p>Accepted. Please go back to the app."


def no_session_page() -> str:
    """What a plain client sees when there is no such session."""
    return "<!doctype html><title>Error</title><p>Something went wrong: there is no such session."
