"""The one error of the interface: a status, a code for programs, a line for a person."""

from __future__ import annotations


class ApiError(Exception):
    """Answered as JSON `{"code": …, "message": …}` with `status`; `headers` are added to the answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = headers or {}
