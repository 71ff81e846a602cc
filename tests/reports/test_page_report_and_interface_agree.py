"""One finding, four ways to read it: the page, the PDF, the Word file and the interface say the same words."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from docx import Document as open_word_file

from api.estimates import estimate_detail
from etl import warehouse
from presentation import sentences
from reports.build import documents, render
from tests.fixture_release import PROGRAM, SIMULATED_PROGRAM, write_release
from tests.open_page import open_page, text_of

NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?%?")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    write_release(folder)
    return folder


@pytest.mark.parametrize("program", [PROGRAM, SIMULATED_PROGRAM])
@pytest.mark.parametrize("kind", ["council", "brief"])
def test_the_finding_and_its_conditions_are_the_same_words_everywhere(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, kind: str
) -> None:
    monkeypatch.setenv("OVP_HOME", str(home))
    release = warehouse.open_release()
    answer = estimate_detail(release, f"{program}/gunshot_incidents_contracted")
    finding, summary = answer["sentence"], sentences.gates_summary(answer["result"])
    document = next(documents(release, program, kind))
    texts = {
        "page": text_of(open_page("overview", program=program)),
        "pdf": pdf_words(render(document, "pdf").data, tmp_path),
        "docx": word_words(render(document, "docx").data),
        "html": re.sub(r"<[^>]+>", " ", render(document, "html").data.decode()),
    }
    for name, text in texts.items():
        for sentence in (finding, summary):
            assert squeezed(sentence) in squeezed(text), f"{name} lacks: {sentence}"
    figures = answer
    assert f"{figures['observed']:,.0f}" in NUMBER.findall(finding)


def pdf_words(data: bytes, folder: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext (poppler-utils) is not installed")
    path = folder / "report.pdf"
    path.write_bytes(data)
    command = ["pdftotext", "-raw", path, "-"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def word_words(data: bytes) -> str:
    word = open_word_file(io.BytesIO(data))
    return " ".join(paragraph.text for paragraph in word.paragraphs)


def squeezed(text: str) -> str:
    """Without blanks, hyphens of line ends, and the backslashes by which pages keep dollar signs plain."""
    return re.sub(r"[\s\-\\‐­]", "", text)
