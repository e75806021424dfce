# SPDX-License-Identifier: MIT
"""docs/control-api.md, taken apart: the requests in its headings and the members of the objects that it shows."""

import re

from harness import ROOT

API = (ROOT / "docs/control-api.md").read_text(encoding="utf-8")

# "POST /v1/accounts/NAME/login", …
REQUESTS = re.findall(r"`((?:GET|POST|PUT|DELETE) /v1/\S*?)`", "\n".join(re.findall(r"^### .*", API, re.M)))


def members(kind):
    """The members that the documentation shows for an object: of the object itself, not of those in it."""
    marker = {
        "STATUS": "### `GET /v1/status`\n",
        "ACCOUNT": "There are no secrets in it:\n",
        "LOGIN": "\nLOGIN:\n",
        "TOKEN": "/token`\n",
        "CREDENTIAL": "/token`\n",  # they are the same
        "FORGOTTEN": "### `DELETE /v1/accounts/NAME`\n",
        "VERIFICATION": "/verify`\n",
        "RELOAD": "### `POST /v1/reload`\n",
    }[kind]
    block = re.search(r"(?:^    .*\n)+", API.split(marker)[1], re.M)[0]
    return set(re.findall(r'"(\w+)":', re.sub(r'": (\{.*?\}|\[.*?\])', '": 0', block)))
