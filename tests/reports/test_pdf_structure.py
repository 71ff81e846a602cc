"""The PDF as an independent reader sees it: what screen readers, archives and printers need is there."""

from __future__ import annotations

import io
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from etl import warehouse
from reports.build import KIND_NAMES, documents, render
from reports.document import Document, Heading
from tests.fixture_release import PROGRAM, SIMULATED_PROGRAM, write_release

pikepdf = pytest.importorskip("pikepdf", reason="pikepdf reads the PDF files: see requirements-dev.txt")
WATERMARK_GRAY = 232
MOST_PAGES = {"council": 4, "ward": 2, "slide": 1, "brief": 1}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> warehouse.Release:
    home = tmp_path_factory.mktemp("home")
    write_release(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        return warehouse.open_release()


def made(release: warehouse.Release, kind: str, program: str = PROGRAM) -> tuple[Document, bytes]:
    document = next(documents(release, program, kind, "1" if kind == "ward" else None))
    return document, render(document, "pdf").data


def elements(node: Any) -> Iterator[Any]:
    """Every element of the structure tree, in reading order."""
    if isinstance(node, pikepdf.Array):
        for child in node:
            yield from elements(child)
    elif isinstance(node, pikepdf.Dictionary):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from elements(node.K)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_screen_reader_finds_language_title_headings_tables_and_alt_text(release, kind: str) -> None:
    document, data = made(release, kind)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root = pdf.Root
        assert str(root.Lang) == "en-US"
        assert root.MarkInfo.Marked and root.ViewerPreferences.DisplayDocTitle
        assert all(str(page.Tabs) == "/S" for page in pdf.pages)
        tree = list(elements(root.StructTreeRoot.K))
        kinds = [str(element.S) for element in tree]
        assert kinds.count("/H1") == 1
        assert kinds.count("/H2") == sum(isinstance(b, Heading) and b.level == 2 for b in document.blocks)
        alts = [str(element.Alt) for element in tree if str(element.S) == "/Figure"]
        assert alts == [figure.alt for figure in document.figures] and all(len(alt) > 30 for alt in alts)
        assert kinds.count("/Table") == kinds.count("/THead") == len(document.tables)
        heads = [element for element in tree if str(element.S) == "/TH"]
        assert len(heads) == sum(len(table.head) for table in document.tables)
        assert all(str(head.A[0].Scope) == "/Column" for head in heads)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_the_file_declares_archive_and_accessibility_and_carries_its_fonts(release, kind: str) -> None:
    document, data = made(release, kind)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        metadata = pdf.open_metadata()
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == document.title
        assert len(pdf.Root.OutputIntents) == 1 and not pdf.is_encrypted
        for name in ("/AcroForm", "/OpenAction", "/Names", "/AA"):
            assert name not in pdf.Root
        for page in pdf.pages:
            assert "/Annots" not in page and not page.images
            for font in page.Resources.get("/Font", {}).values():
                descriptor = font.DescendantFonts[0].FontDescriptor
                assert any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))
                assert "/ToUnicode" in font


@pytest.mark.parametrize("kind", ["council", "technical"])
def test_bookmarks_are_the_headings(release, kind: str) -> None:
    document, data = made(release, kind)
    wanted = [document.title, *(b.text for b in document.blocks if isinstance(b, Heading))]
    with pikepdf.open(io.BytesIO(data)) as pdf, pdf.open_outline() as outline:

        def titles(items: list[Any]) -> list[str]:
            return [title for item in items for title in (str(item.title), *titles(item.children))]

        assert titles(outline.root) == wanted


@pytest.mark.parametrize("program", [PROGRAM, SIMULATED_PROGRAM])
@pytest.mark.parametrize(("kind", "most"), MOST_PAGES.items())
def test_each_kind_keeps_to_its_length(release, kind: str, most: int, program: str) -> None:
    with pikepdf.open(io.BytesIO(made(release, kind, program)[1])) as pdf:
        assert 1 <= len(pdf.pages) <= most


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_the_watermark_is_on_every_page_of_the_invented_city_and_on_no_other(
    release, kind: str, tmp_path: Path
) -> None:
    if not shutil.which("pdftoppm"):
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    shares = {}
    for program in (PROGRAM, SIMULATED_PROGRAM):
        (tmp_path / f"{program}.pdf").write_bytes(made(release, kind, program)[1])
        drawn = tmp_path / program
        drawn.mkdir()
        subprocess.run(
            ["pdftoppm", "-r", "60", "-png", tmp_path / f"{program}.pdf", drawn / "page"],
            check=True,
            capture_output=True,
        )
        shares[program] = [watermark_pixels(path) for path in sorted(drawn.glob("*.png"))]
    assert min(shares[SIMULATED_PROGRAM]) > 1500, shares
    assert max(shares[PROGRAM]) < 500, shares


def watermark_pixels(path: Path) -> int:
    """Pixels in the gray of the watermark, which nothing else is drawn in over such an area."""
    return Image.open(path).convert("L").histogram()[WATERMARK_GRAY]
