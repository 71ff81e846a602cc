"""Free-text notes of the invented logs. Some carry canaries: words that must never leave the private store."""

from __future__ import annotations

import numpy as np

CANARY = "LARKCANARY"
CANARY_SHARE = 0.004

NOTES: dict[str, tuple[str, ...]] = {
    "contact": ("", "", "", "talked by the bus stop", "asked about work", "knows the team by now"),
    "mediation": (
        "argument over money, both sides walked away",
        "two groups outside the shop, talked one at a time",
        "online insult, agreed not to answer it",
        "cousins asked us to step in",
        "party spilled onto the street, families helped",
    ),
    "shooting_response": (
        "stayed until the crowd left",
        "met the family",
        "calls about payback, will go back",
    ),
    "hospital_response": ("at bedside with family", "talked before discharge", "asked us to come back"),
    "event": ("cookout with the block club", "open gym night", "walk after a vigil"),
    "referral": ("job program", "housing desk", "counseling", "school return"),
    "follow_up": ("called, all calm", "no answer at the door", "met at the library"),
    "other": ("", "various", "team meeting", "see log sheet"),
}


def note(rng: np.random.Generator, kind: str) -> str:
    """A note for an activity of that kind, sometimes empty, sometimes with a canary."""
    choices = NOTES[kind]
    words = choices[int(rng.integers(len(choices)))]
    if rng.random() < CANARY_SHARE:
        return f"{words} {CANARY}-{int(rng.integers(10_000)):04d} call 555-01{int(rng.integers(100)):02d}".strip()
    return words
