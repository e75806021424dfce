# SPDX-License-Identifier: MIT
"""The API errors of the endpoints served here: `code` is shared, `id` differs at each endpoint."""

from dataclasses import dataclass, replace
from typing import Optional


@dataclass(frozen=True)
class ApiError:
    """One error of the API; the profile decides the status and the headers."""

    message: str
    code: str
    id: str
    kind: str = "client"
    info: Optional[dict] = None

    def with_info(self, info: Optional[dict]) -> "ApiError":
        """The same error with an `info` in its body; None leaves it out."""
        return replace(self, info=info)


class Refusal(Exception):
    """Ends a call with an API error."""

    def __init__(self, error: ApiError):
        super().__init__(error.code)
        self.error = error


class NeverAnswered(Exception):
    """The real server forgets to send its reply: the client waits until it gives up."""


class DatabaseError(Exception):
    """What the server's authors did not foresee: 500 INTERNAL_ERROR, `name` being the error's class."""

    def __init__(self, message: str, name: str):
        super().__init__(message)
        self.name = name


AUTHENTICATION_FAILED = ApiError(
    "Authentication failed. Please ensure your token is correct.",
    "AUTHENTICATION_FAILED",
    "b0a7f5f8-dc2f-4171-b91f-de88ad238e14",
)
CREDENTIAL_REQUIRED = ApiError(
    "Credential required.", "CREDENTIAL_REQUIRED", "1384574d-a912-4b81-8601-c7b1c4085df1"
)
ACCESS_DENIED = ApiError("Access denied.", "ACCESS_DENIED", "56f35758-7dd5-468b-8439-5d6fb8ec9b8e")
SUSPENDED = ApiError(
    "Your account has been suspended.",
    "YOUR_ACCOUNT_SUSPENDED",
    "a8c724b3-6e9c-4b46-b1a8-bc3ed6258370",
    "permission",
)
PERMISSION_DENIED = ApiError(
    "Your app does not have the necessary permissions to use this endpoint.",
    "PERMISSION_DENIED",
    "1370e5b7-d4eb-4566-bb1d-7748ee6a1838",
)
INVALID_PARAM = ApiError("Invalid param.", "INVALID_PARAM", "3d81ceae-475f-4600-b2a8-2bc116157532")
RATE_LIMIT_EXCEEDED = ApiError(
    "Rate limit exceeded. Please try again later.",
    "RATE_LIMIT_EXCEEDED",
    "d5826d14-3982-4d2e-8011-b9e9f02499ef",
)
AUTHENTICATION_LIMIT_EXCEEDED = ApiError(
    "Authentication limit exceeded. Please try again later.",
    "AUTHENTICATION_LIMIT_EXCEEDED",
    "b0a8f5f8-dc2f-4171-b91f-de88ad238e14",
)
INTERNAL_ERROR = ApiError(
    "Internal error occurred. Please contact us if the error persists.",
    "INTERNAL_ERROR",
    "5d37dbcb-891e-41ca-a3d6-e690c97775ac",
    "server",
)


def no_such_app(id: str) -> ApiError:
    """NO_SUCH_APP with the `id` of one endpoint."""
    return ApiError("No such app.", "NO_SUCH_APP", id)


def no_such_session(id: str) -> ApiError:
    """NO_SUCH_SESSION with the `id` of one endpoint."""
    return ApiError("No such session.", "NO_SUCH_SESSION", id)


SHOW_NO_SUCH_APP = no_such_app("dce83913-2dc6-4093-8a7b-71dbb11718a3")
GENERATE_NO_SUCH_APP = no_such_app("92f93e63-428e-4f2f-a5a4-39e1407fe998")
USERKEY_NO_SUCH_APP = no_such_app("fcab192a-2c5a-43b7-8ad8-9b7054d8d40d")
SHOW_NO_SUCH_SESSION = no_such_session("bd72c97d-eba7-4adb-a467-f171b8847250")
ACCEPT_NO_SUCH_SESSION = no_such_session("9c72d8de-391a-43c1-9d06-08d29efde8df")
USERKEY_NO_SUCH_SESSION = no_such_session("5b5a1503-8bc8-4bd0-8054-dc189e8cdcb3")
PENDING_SESSION = ApiError(
    "This session is not completed yet.", "PENDING_SESSION", "8c8a4145-02cc-4cca-8e66-29ba60445a8e"
)
