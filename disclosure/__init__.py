"""The one place that protects person-linked counts. Pure: frames in, frames out; called when a release is made."""

from disclosure.audit import Finding, exported_columns, release_audit
from disclosure.policy import DisclosureError, load_policy
from disclosure.protect import protect, totals
from disclosure.release import protect_release

__all__ = [
    "DisclosureError",
    "Finding",
    "exported_columns",
    "load_policy",
    "protect",
    "protect_release",
    "release_audit",
    "totals",
]
