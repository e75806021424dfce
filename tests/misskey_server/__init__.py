# SPDX-License-Identifier: MIT
"""A Misskey server for tests: the legacy app authorization of several versions and forks, consent page included.

It answers as recorded in tests/wire/, keeps its state in memory, listens on a loopback port of
its own, and misbehaves when it is told to (see knobs.py). tests/e2e/test_wire.py proves that it
and the recordings agree.
"""

from .knobs import (
    Cut,
    Delay,
    Endless,
    Html,
    Knob,
    Nested,
    NeverAnswer,
    Oversized,
    RateLimited,
    RawJson,
    Redirect,
    Rewrite,
    Status,
    Tarpit,
    Truncated,
    WrongContentType,
)
from .server import APP_AUTHORIZATION, Call, MisskeyServer
from .variants import PROFILES

__all__ = [
    "APP_AUTHORIZATION",
    "Call",
    "Cut",
    "Delay",
    "Endless",
    "Html",
    "Knob",
    "MisskeyServer",
    "Nested",
    "NeverAnswer",
    "Oversized",
    "PROFILES",
    "RateLimited",
    "RawJson",
    "Redirect",
    "Rewrite",
    "Status",
    "Tarpit",
    "Truncated",
    "WrongContentType",
]
