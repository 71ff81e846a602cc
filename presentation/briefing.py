"""Words of the Briefing page: what each kind of report and each format is for."""

from __future__ import annotations

from presentation.language import say

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "application/zip",
    "png": "application/zip",
    "svg": "application/zip",
}


def kind_name(kind: str) -> str:
    return say(f"briefing.kind.{kind}")


def kind_purpose(kind: str) -> str:
    return say(f"briefing.purpose.{kind}")


def format_name(file_format: str) -> str:
    return say(f"briefing.format.{file_format}")


def media_type(file_format: str) -> str:
    return MEDIA_TYPES[file_format]
