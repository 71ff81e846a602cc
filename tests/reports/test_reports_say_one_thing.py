"""A report says the same in every format, and the same as the pages."""

import io
import re
import shutil
import subprocess
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from docx import Document as open_word_file
from openpyxl import load_workbook

from etl import warehouse
from presentation import numbers, sentences
from reports.build import FORMAT_NAMES, KIND_NAMES, documents, render
from reports.content import ReportError, read_content
from tests.fixture_release import CITY, OBSERVED_IN_PHASE, PROGRAM, SIMULATED_PROGRAM, write_release


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> warehouse.Release:
    home = tmp_path_factory.mktemp("home")
    write_release(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(home))
        return warehouse.open_release()


def document(release: warehouse.Release, kind: str, program: str = PROGRAM):
    return next(documents(release, program, kind, "1" if kind == "ward" else None))


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text.replace("\xad", "").replace("‐", "-"))


def pauses():
    yield 0
    time.sleep(1.1)
    yield 1


def words_of_docx(data: bytes) -> str:
    word = open_word_file(io.BytesIO(data))
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    return plain(" ".join([paragraph.text for paragraph in word.paragraphs] + cells))


def words_of_pdf(data: bytes, tmp_path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = tmp_path / "report.pdf"
    path.write_bytes(data)
    return plain(
        subprocess.run(["pdftotext", "-raw", path, "-"], capture_output=True, text=True, check=True).stdout
    )


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_pdf_word_and_web_page_hold_every_word_of_the_document(release, kind: str, tmp_path: Path) -> None:
    made = document(release, kind)
    html = plain(
        re.sub(r"<[^>]+>", " ", render(made, "html").data.decode())
        .replace("&quot;", '"')
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
    )
    formats = {
        "docx": words_of_docx(render(made, "docx").data),
        "pdf": words_of_pdf(render(made, "pdf").data, tmp_path),
        "html": html,
    }
    for line in made.words().splitlines():
        for name, text in formats.items():
            # PDF text breaks long words at the line end, so blanks and hyphens are left out of the comparison.
            squeeze = str.maketrans("", "", " -")
            assert plain(line).translate(squeeze) in text.translate(squeeze), f"{name} lacks: {line}"


@pytest.mark.parametrize("kind", ["council", "slide", "brief", "technical"])
def test_the_finding_is_the_sentence_of_the_pages(release, kind: str) -> None:
    finding = sentences.finding(read_content(release, PROGRAM).primary)
    assert finding in document(release, kind).words()
    assert f"{OBSERVED_IN_PHASE:,}" in finding


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_the_same_document_gives_the_same_bytes(release, kind: str) -> None:
    # office files carry seconds, so the clock is let run on
    first, second = (
        {file_format: render(document(release, kind), file_format).data for file_format in FORMAT_NAMES}
        for _ in pauses()
    )
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_every_report_names_its_release_in_every_format(release, kind: str, tmp_path: Path) -> None:
    made = document(release, kind)
    assert release.id in words_of_pdf(render(made, "pdf").data, tmp_path)
    assert release.id in render(made, "html").data.decode()
    book = load_workbook(io.BytesIO(render(made, "xlsx").data))
    assert release.id in [cell.value for row in book["About"] for cell in row]
    assert release.id in open_word_file(io.BytesIO(render(made, "docx").data)).core_properties.comments


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_report_on_the_invented_city_says_so_on_every_page(release, kind: str, tmp_path: Path) -> None:
    made = document(release, kind, SIMULATED_PROGRAM)
    assert made.simulated
    path = tmp_path / "report.pdf"
    path.write_bytes(render(made, "pdf").data)
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    text = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    pages = [page for page in text.split("\f") if page.strip()]
    assert pages and all("Simulated data" in page for page in pages)
    assert "simulated" in render(made, "html").data.decode().lower()


def test_pdf_is_tagged_for_screen_readers_and_for_archives(release) -> None:
    pdf = render(document(release, "council"), "pdf").data
    for mark in (b"pdfuaid", b"pdfaid", b"/MarkInfo", b"/StructTreeRoot", b"/Lang", b"/Outlines"):
        assert mark in pdf, mark


def test_word_file_has_real_headings_header_rows_and_alt_text(release) -> None:
    data = render(document(release, "council"), "docx").data
    word = open_word_file(io.BytesIO(data))
    styles = {paragraph.style.name for paragraph in word.paragraphs}
    assert {"Heading 1", "Heading 2", "List Bullet", "Caption"} <= styles
    xml = zipfile.ZipFile(io.BytesIO(data)).read("word/document.xml").decode()
    assert "w:tblHeader" in xml
    pictures = re.findall(r"<wp:docPr [^>]*>", xml)
    assert pictures and all(re.search(r'descr="[^"]{30,}"', picture) for picture in pictures)


def test_web_page_asks_nobody_else_for_anything(release) -> None:
    page = render(document(release, "brief"), "html").data.decode()
    assert "<script" not in page
    assert not re.findall(r"(?:src|href)=\"(?!data:)[^\"]*", page)


def test_a_ward_brief_shows_the_counts_of_its_ward(release) -> None:
    made = document(release, "ward")
    table = next(table for table in made.tables if table.name == "Years")
    frame = release.query(
        "monthly",
        city=CITY,
        geography="ward",
        outcome="gunshot",
        unit="victims",
        month_basis="occurred",
        area="1",
    )
    expected = frame.groupby(frame["month"].astype("datetime64[ns]").dt.year)["count"].sum()
    assert [row[2] for row in table.rows] == [f"{value:,}" for value in expected]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nobody", "council"), "nobody: no such program"),
        ((PROGRAM, "novel"), "novel: no such kind"),
        ((PROGRAM, "ward", "99"), "ward 99: no such ward"),
        ((PROGRAM, "ward"), "--ward N or --all-wards"),
    ],
)
def test_wrong_input_is_one_clear_line(release, arguments, says: str) -> None:
    with pytest.raises(ReportError) as caught:
        list(documents(release, *arguments))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_the_appendix_says_how_to_get_its_numbers_again(release) -> None:
    words = document(release, "technical").words()
    assert f"python -m etl export --release {release.id} --out data-package" in words
    assert "replicate.py" in words and "sha256sum --check" in words


def test_a_report_runs_through_the_last_month_of_what_it_counts_whatever_else_goes_on(release) -> None:
    """The source of the planted release claims complete months up to 2031: no count of the answer is of that year."""
    real = type(release).query

    def later(self, name, **given):
        found = real(self, name, **given)
        return found.assign(last_complete_month=pd.Timestamp("2031-06-01")) if name == "sources" else found

    last = real(release, "monthly_span", city=CITY).query("geography == 'city'")["last_month"].max()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(release), "query", later)
        told = read_content(release, PROGRAM).provenance.data_through
    assert told == numbers.month(last) and "2031" not in told


@pytest.mark.parametrize("file_format", ["pdf", "html"])
def test_a_program_without_counts_says_so_and_names_no_month(tmp_path: Path, file_format: str) -> None:
    write_release(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OVP_HOME", str(tmp_path))
        release = warehouse.open_release()
        real = type(release).query

        def without_counts(self, name, **given):
            found = real(self, name, **given)
            return found.iloc[:0] if name in ("monthly_span", "sources", "estimates") else found

        patch.setattr(type(release), "query", without_counts)
        made = render(document(release, "council"), file_format).data
    text = words_of_pdf(made, tmp_path) if file_format == "pdf" else plain(made.decode())
    assert f"Release {release.id}. No counts loaded." in text
    assert not re.search(r"[Dd]ata through (\w+ \d{4}|no )", text)
