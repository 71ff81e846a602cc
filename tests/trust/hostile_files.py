"""Files that somebody might upload, made on the spot."""

from __future__ import annotations

import io
import struct
import zipfile

HEADER = "record,provider,worker,area,started_at,ended_at,funder\n"
GOOD_CSV = (HEADER + "1,Northlight,w1,Harbor,2024-05-03 16:00,2024-05-03 21:00,city\n").encode()


def workbook(extra: dict[str, bytes] | None = None, content_types: bytes | None = None) -> bytes:
    """A workbook of one sheet with one cell, made by hand; `extra` adds or replaces parts."""
    parts = {
        "[Content_Types].xml": content_types
        or b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/workbook.xml": b"<workbook><sheets/></workbook>",
        "xl/worksheets/sheet1.xml": b"<worksheet><sheetData/></worksheet>",
    }
    parts |= extra or {}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return target.getvalue()


def zip_bomb() -> bytes:
    """About 300 KB that unpack to 300 MB."""
    return workbook({"xl/worksheets/sheet2.xml": b"<c/>" * (75 * 1024**2)})


def lying_zip_bomb() -> bytes:
    """The same, but its directory says that the part has 10 bytes."""
    data = bytearray(zip_bomb())
    place = data.rfind(b"PK\x01\x02")
    while place != -1:
        if b"sheet2" in data[place : place + 90]:
            data[place + 24 : place + 28] = struct.pack("<I", 10)
        place = data.rfind(b"PK\x01\x02", 0, place)
    return bytes(data)


def password_protected() -> bytes:
    data = bytearray(workbook())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.find(signature)
        while place != -1:
            data[place + offset] |= 1
            place = data.find(signature, place + 4)
    return bytes(data)


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "zip bomb": ("shifts.xlsx", zip_bomb(), "unpacks"),
    "zip bomb that lies about its size": ("shifts.xlsx", lying_zip_bomb(), "unpacks|damaged"),
    "macros": ("shifts.xlsx", workbook({"xl/vbaProject.bin": b"\xd0\xcf"}), "macros"),
    "macros by content type": (
        "shifts.xlsx",
        workbook(
            content_types=b'<Types><Override ContentType="application/vnd.ms-excel.sheet.macroEnabled.main+xml"/></Types>'
        ),
        "macros",
    ),
    "old macro sheets": ("shifts.xlsx", workbook({"xl/macrosheets/sheet1.xml": b"<a/>"}), "macros"),
    "links to other files": (
        "shifts.xlsx",
        workbook({"xl/externalLinks/externalLink1.xml": b"<a/>"}),
        "linked to other files",
    ),
    "embedded files": ("shifts.xlsx", workbook({"xl/embeddings/oleObject1.bin": b"MZ"}), "embedded"),
    "a data connection": ("shifts.xlsx", workbook({"xl/connections.xml": b"<a/>"}), "data source"),
    "entities that read files": (
        "shifts.xlsx",
        workbook(
            {"xl/sharedStrings.xml": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><sst>&e;</sst>'}
        ),
        "document definitions",
    ),
    "entities hidden in UTF-16": (
        "shifts.xlsx",
        workbook({"xl/sharedStrings.xml": '<!DOCTYPE x [<!ENTITY e "ha">]>'.encode("utf-16")}),
        "document definitions",
    ),
    "a path out of the archive": (
        "shifts.xlsx",
        workbook({"../../etc/cron.d/x": b"a"}),
        "outside the workbook",
    ),
    "a password": ("shifts.xlsx", password_protected(), "password"),
    "a packed file that is no workbook": (
        "shifts.xlsx",
        b"PK\x05\x06" + b"\x00" * 18,
        "not a workbook|too few",
    ),
    "a cut workbook": ("shifts.xlsx", workbook()[:150], "damaged"),
    "an old workbook": ("shifts.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "old or encrypted"),
    "a program": ("shifts.csv", b"MZ" + b"\x90" * 600, "a program"),
    "a PDF": ("shifts.csv", b"%PDF-1.7 ...", "PDF"),
    "a web page": ("shifts.csv", b"<!doctype html><script>alert(1)</script>", "web page"),
    "a drawing with a script": ("shifts.csv", b"<svg onload=alert(1)>", "web page"),
    "JSON": ("shifts.csv", b'[{"record": 1}]', "JSON"),
    "a packed CSV": ("shifts.csv.gz", b"\x1f\x8b\x08" + b"\x00" * 40, "packed"),
    "binary": ("shifts.csv", b"record,provider\n\x00\x01\x02", "not text"),
    "binary further down": ("shifts.csv", GOOD_CSV * 200 + b"\x00\n", "not text"),
    "a line of 2 MB": ("shifts.csv", HEADER.encode() + b"x" * 2 * 1024**2, "over 1 MB"),
    "300,000 lines": ("shifts.csv", HEADER.encode() + b"1,a,b,c,d,e,f\n" * 300_000, "lines"),
    "nothing": ("shifts.csv", b"", "empty"),
    "a workbook called CSV": ("shifts.csv", workbook(), "its name says otherwise"),
    "a CSV called workbook": ("shifts.xlsx", GOOD_CSV, "its name says otherwise"),
    "a CSV called macro workbook": ("shifts.xlsm", GOOD_CSV, "its name says otherwise"),
}
