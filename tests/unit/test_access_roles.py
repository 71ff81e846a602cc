"""Which sign-in gives which role."""

from __future__ import annotations

import pytest

import access

NOW = 1_760_000_000
RULES = access.AccessRules.from_settings(
    {
        "issuer": "https://login.example.org",
        "steward": ["ovp-data-stewards"],
        "leadership": ["ovp-leadership"],
        "leadership_emails": ["Director@example.org"],
    },
    {"client_id": "ovp-dashboard"},
)
STEWARD = {
    "is_logged_in": True,
    "iss": "https://login.example.org",
    "aud": "ovp-dashboard",
    "iat": NOW - 60,
    "groups": ["everyone", "ovp-data-stewards"],
}


def role(**changes: object) -> str:
    return access.role_of({**STEWARD, **changes}, RULES, now=NOW)


def test_a_group_gives_its_role():
    assert role() == "steward"
    assert role(groups=["ovp-leadership"]) == "leadership"
    assert role(groups="ovp-leadership") == "leadership"


def test_the_highest_role_counts():
    assert role(groups=["ovp-leadership", "ovp-data-stewards"]) == "steward"


def test_a_verified_address_on_the_list_gives_its_role():
    assert role(groups=[], email="director@EXAMPLE.org", email_verified=True) == "leadership"


@pytest.mark.parametrize(
    "changes",
    [
        {"is_logged_in": False},
        {"groups": []},
        {"groups": None},
        {"groups": "ovp-data-stewards,everyone"},
        {"groups": {"ovp-data-stewards": True}},
        {"aud": "another-dashboard"},
        {"aud": None},
        {"aud": ["another-dashboard"]},
        {"iss": "https://login.elsewhere.example"},
        {"iss": None},
        {"iat": None},
        {"iat": True},
        {"iat": str(NOW)},
        {"iat": NOW - 13 * 3600},
        {"iat": NOW + 3600},
        {"groups": [], "email": "director@example.org"},
        {"groups": [], "email": "director@example.org", "email_verified": "true"},
        {"groups": [], "email": "director@example.org.evil.example", "email_verified": True},
    ],
)
def test_anything_amiss_is_the_public(changes):
    assert role(**changes) == "public"


def test_no_rules_let_nobody_in():
    assert access.role_of(STEWARD, access.AccessRules(), now=NOW) == "public"


def test_an_audience_among_several_counts():
    assert role(aud=["other", "ovp-dashboard"]) == "steward"


def test_a_list_written_as_text_is_refused():
    with pytest.raises(ValueError, match="steward must be a list"):
        access.AccessRules.from_settings({"steward": "ovp-data-stewards"}, {})


def test_a_role_that_does_not_exist_cannot_be_required():
    with pytest.raises(ValueError, match="editor"):
        access.require("editor")


def test_every_file_of_the_staff_folder_is_registered_and_begins_with_the_guard():
    """The first statement after the imports is `access.require(...)`: nothing runs before it."""
    import ast

    files = {path.stem: path for path in access.STAFF_FOLDER.glob("*.py")}
    assert set(files) == set(access.STAFF_PAGES)
    for name, path in files.items():
        body = ast.parse(path.read_text(encoding="utf-8")).body
        statements = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)][1:]
        assert ast.unparse(statements[0]) == f"access.require('{access.STAFF_PAGES[name][1]}')", name


def test_no_page_lies_directly_in_pages():
    """A file there would be served by its address without dashboard.py, and so without any gate."""
    assert not list(access.STAFF_FOLDER.parent.glob("*.py"))
