"""Settings of the guard: who may frame a page (never a staff page), and what a wrong setting says."""

from __future__ import annotations

import pytest

from asgi_guard.headers import SecurityHeaders
from asgi_guard.settings import GuardSettings

CITY = "https://www.example.org"


def headers(**environment: str) -> dict[str, str]:
    return SecurityHeaders(None, GuardSettings.from_environment(environment)).headers  # type: ignore[arg-type]


def ancestors(**environment: str) -> str:
    rules = headers(**environment)["content-security-policy"].split("; ")
    (found,) = [rule for rule in rules if rule.startswith("frame-ancestors")]
    return found


def test_nobody_may_frame_a_page_unless_told():
    assert ancestors() == "frame-ancestors 'none'"
    assert headers()["x-frame-options"] == "DENY"


def test_the_sites_named_may_and_no_other():
    assert (
        ancestors(OVP_EMBED_FROM=f"{CITY}, https://*.example.net")
        == f"frame-ancestors {CITY} https://*.example.net"
    )
    assert "x-frame-options" not in headers(OVP_EMBED_FROM=CITY)


def test_staff_pages_are_never_framed():
    assert ancestors(OVP_EMBED_FROM=CITY, OVP_STAFF="1") == "frame-ancestors 'none'"
    assert headers(OVP_EMBED_FROM=CITY, OVP_STAFF="1")["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    "site",
    ["*", "http://example.org", "https://example.org/path", f"{CITY}; script-src *", "'self'", "https://a b"],
)
def test_anything_that_is_no_site_is_refused_in_one_line(site: str):
    with pytest.raises(ValueError, match="OVP_EMBED_FROM"):
        GuardSettings.from_environment({"OVP_EMBED_FROM": site})


def test_a_setting_that_is_no_number_is_named():
    with pytest.raises(ValueError, match="OVP_SOCKETS: 'many' is no number"):
        GuardSettings.from_environment({"OVP_SOCKETS": "many"})
