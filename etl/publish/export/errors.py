"""The one error of an export: a code and a line for a person."""


class ExportError(Exception):
    """An export that cannot be made. `code` names the reason; the message says what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
