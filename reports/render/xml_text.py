"""Text that XML 1.0 can hold: Word and Excel files break on anything else."""

from __future__ import annotations

import re

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def clean(text: str) -> str:
    """`text` with what XML cannot hold replaced by the replacement character."""
    return NOT_XML.sub("\ufffd", text)
