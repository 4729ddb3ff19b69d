"""NetSuite's error bodies."""

from __future__ import annotations

from bridge.sandbox.exchange import Response, json_response

TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 405: "Method Not Allowed"}
# Over the limit of requests at once the title is really "Bad Request", and there is no Retry-After.
TITLES |= {429: "Bad Request", 500: "Internal Server Error"}
LOGIN = (
    "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
    "Users/Roles > User Management > View Login Audit Trail."
)
BUSY = "Concurrent request limit exceeded. Request blocked."
UNEXPECTED = "An unexpected error occurred. Error ID: sandbox-mood-500"


class VendorError(Exception):
    """A request NetSuite refuses; `path` names the field at fault, `note` is for the sandbox's journal."""

    def __init__(
        self, status: int, code: str, detail: str, *, path: str = "", note: str = "", title: str = ""
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.path, self.note = status, code, detail, path, note
        self.title = title or TITLES[status]

    def response(self) -> Response:
        """Say it as NetSuite does."""
        details = {"detail": self.detail, "o:errorCode": self.code}
        if self.path:
            details["o:errorPath"] = self.path
        body = {
            "type": f"https://www.rfc-editor.org/rfc/rfc9110.html#name-{_anchor(self.status)}",
            "title": self.title,
            "status": self.status,
            "o:errorDetails": [details],
        }
        return json_response(body, self.status, note=self.note or self.code)


def invalid(detail: str, *, path: str = "") -> VendorError:
    """A parameter, header or body that cannot be used."""
    return VendorError(400, "INVALID_PARAMETER", detail, path=path)


def invalid_query(detail: str) -> VendorError:
    """A SuiteQL query that cannot be run."""
    return invalid(f"Invalid search query. Detailed unprocessed description follows. {detail}")


def login_refused(reason: str) -> VendorError:
    """A login that fails; the reason is told to the journal only, as to NetSuite's Login Audit Trail."""
    return VendorError(401, "INVALID_LOGIN", LOGIN, note=reason)


def no_such_record() -> VendorError:
    """An id nobody has."""
    detail = "The record instance does not exist. Provide a valid record instance ID."
    return VendorError(404, "NONEXISTENT_ID", detail)


def refusal(status: int) -> Response:
    """Refuse as under load (429) or in trouble (500)."""
    if status == 429:
        return VendorError(429, "CONCURRENCY_LIMIT_EXCEEDED", BUSY).response()
    return VendorError(500, "UNEXPECTED_ERROR", UNEXPECTED).response()


def _anchor(status: int) -> str:
    return f"{status}-" + TITLES[status].lower().replace(" ", "-")
