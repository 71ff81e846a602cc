"""`python -m deploy.sbom FILE`: a bill of materials of what is installed, in CycloneDX 1.5 JSON."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any


def components() -> list[dict[str, Any]]:
    """Installed distributions, by name: version, license as stated, package address."""
    found = {}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"]
        if not name:
            continue
        license_text = (
            distribution.metadata.get("License-Expression") or distribution.metadata.get("License") or ""
        )
        entry: dict[str, Any] = {
            "type": "library",
            "name": name,
            "version": distribution.version,
            "purl": f"pkg:pypi/{name.lower().replace('_', '-')}@{distribution.version}",
        }
        if license_text and len(license_text) < 100:
            entry["licenses"] = [{"license": {"name": license_text.strip()}}]
        found[name.lower()] = entry
    return [found[name] for name in sorted(found)]


def bill() -> dict[str, Any]:
    """The whole document."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(UTC).isoformat(timespec="seconds"),
            "component": {"type": "application", "name": "outreach-evaluation"},
        },
        "components": components(),
    }


def main(given: list[str]) -> int:
    target = Path(given[0]) if given else Path("sbom.json")
    document = bill()
    target.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{len(document['components'])} components in {target.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
