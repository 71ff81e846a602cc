"""Pictures of report pages: `python -m tests.reports.screens [--home FOLDER] [--out FOLDER]`.

The pages of each kind of PDF of the release in use, as a printer would draw them (pdftoppm), small.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from etl import warehouse
from reports.build import documents, render

ROOT = Path(__file__).resolve().parents[2]
DOTS_PER_INCH = 72
COLORS = 64
# (name, program, kind, ward, pages that are kept)
VIEWS = (
    ("report-council", "minneapolus", "council", None, (1, 2, 3, 4)),
    ("report-ward", "minneapolus", "ward", "4", (1, 2)),
    ("report-slide", "minneapolus", "slide", None, (1,)),
    ("report-brief", "minneapolus", "brief", None, (1,)),
    ("report-technical", "minneapolus", "technical", None, (1, 3, 4)),
    ("report-council-simulated", "simulated-outreach", "council", None, (1, 2)),
)


def page_pictures(pdf: bytes, folder: Path, pages: tuple[int, ...]) -> dict[int, Image.Image]:
    """The chosen pages of a PDF, drawn by poppler; pages that are not there are left out."""
    (folder / "report.pdf").write_bytes(pdf)
    found = {}
    for page in pages:
        drawn = folder / f"page-{page}"
        span = ["-f", str(page), "-l", str(page), "-singlefile"]
        subprocess.run(
            ["pdftoppm", "-r", str(DOTS_PER_INCH), *span, "-png", folder / "report.pdf", drawn],
            check=True,
            capture_output=True,
        )
        if drawn.with_suffix(".png").exists():
            found[page] = Image.open(drawn.with_suffix(".png")).convert("RGB")
    return found


def small(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.quantize(COLORS).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="folder of releases (default: OVP_HOME or var)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screens")
    given = parser.parse_args()
    if given.home:
        os.environ["OVP_HOME"] = str(given.home)
    release = warehouse.open_release()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, program, kind, ward, pages in VIEWS:
        pdf = render(next(documents(release, program, kind, ward)), "pdf").data
        with tempfile.TemporaryDirectory() as folder:
            for page, image in page_pictures(pdf, Path(folder), pages).items():
                path = given.out / f"{name}-{page}.png"
                path.write_bytes(small(image))
                print(f"{path.name}: {path.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
