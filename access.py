"""Who may see what: the one place where a sign-in becomes a role.

Public pages need no sign-in. Staff pages exist only in a staff process (OVP_STAFF=1) that has a sign-in provider
(OpenID Connect, the table `[auth]` of the file named by OVP_SECRETS), and each of them calls `require` as its first statement.

`[access]` in the same file says which sign-ins are staff:

    [access]
    audience = "ovp-dashboard"          # must be the client id of this dashboard; default [auth].client_id
    issuer = "https://login.example.org"
    claim = "groups"                    # claim that holds the names of groups
    steward = ["ovp-data-stewards"]     # groups
    leadership = ["ovp-leadership"]
    steward_emails = ["…"]              # an allow-list, for providers without groups; verified addresses only
    leadership_emails = []
    session_hours = 12
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

from presentation.language import say

ROLES = ("public", "leadership", "steward")  # each may do what those before it may
STAFF_FOLDER = Path(__file__).resolve().parent / "pages" / "staff"
STAFF_PAGES = {  # file name → (icon, least role)
    "intake": (":material/upload_file:", "leadership"),
    "quality": (":material/fact_check:", "leadership"),
    "providers": (":material/handshake:", "leadership"),
    "forecast": (":material/calendar_month:", "leadership"),
}


@dataclass(frozen=True)
class AccessRules:
    """Which claims make which role. Empty rules let nobody in."""

    audience: str = ""
    issuer: str = ""
    claim: str = "groups"
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    emails: tuple[tuple[str, tuple[str, ...]], ...] = ()
    session_hours: float = 12.0

    @classmethod
    def from_settings(cls, access: Mapping[str, Any], auth: Mapping[str, Any]) -> AccessRules:
        """Rules from the `[access]` and `[auth]` tables. Raises ValueError for a list that is none."""
        return cls(
            audience=str(access.get("audience", auth.get("client_id", ""))),
            issuer=str(access.get("issuer", "")),
            claim=str(access.get("claim", "groups")),
            groups=tuple((role, _names(access, role)) for role in ROLES[1:]),
            emails=tuple(
                (role, tuple(email.lower() for email in _names(access, f"{role}_emails")))
                for role in ROLES[1:]
            ),
            session_hours=float(access.get("session_hours", 12.0)),
        )


def _names(settings: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = settings.get(key, ())
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise ValueError(f"[access] {key} must be a list of names")
    return tuple(str(item) for item in value)


def role_of(claims: Mapping[str, Any], rules: AccessRules, now: float | None = None) -> str:
    """The role that a signed-in person's claims give: "public" unless everything fits.

    Needs: signed in, audience and issuer as configured, issued within `session_hours` and not in the future; then
    the highest role whose group or verified e-mail address matches.
    """
    now = time.time() if now is None else now
    if not claims.get("is_logged_in"):
        return "public"
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list | tuple) else [audience]
    if not rules.audience or rules.audience not in audiences:
        return "public"
    if not rules.issuer or claims.get("iss") != rules.issuer:
        return "public"
    issued = claims.get("iat")
    if not isinstance(issued, int | float) or isinstance(issued, bool):
        return "public"
    if issued > now + 60 or now - issued > rules.session_hours * 3600:
        return "public"
    found = "public"
    for role, names in rules.groups:
        if set(names) & _values(claims.get(rules.claim)):
            found = role
    email = str(claims.get("email", "")).lower()
    for role, addresses in rules.emails:
        if claims.get("email_verified") is True and email in addresses and _rank(role) > _rank(found):
            found = role
    return found


def _values(claim: Any) -> set[str]:
    if isinstance(claim, str):
        return {claim}
    return {str(item) for item in claim} if isinstance(claim, list | tuple) else set()


def _rank(role: str) -> int:
    return ROLES.index(role)


def is_staff_process() -> bool:
    """Whether this process may hold staff pages at all."""
    return os.environ.get("OVP_STAFF") == "1"


def has_provider() -> bool:
    """Whether a sign-in provider is configured."""
    auth = _settings("auth")
    return all(auth.get(key) for key in ("client_id", "client_secret", "server_metadata_url", "redirect_uri"))


def _settings(table: str) -> Mapping[str, Any]:
    try:
        found = st.secrets.get(table, {})
    except StreamlitSecretNotFoundError:
        return {}
    return found if isinstance(found, Mapping) else {}


def current_role() -> str:
    """The role of whoever looks at this page now."""
    if not (is_staff_process() and has_provider()):
        return "public"
    return role_of(st.user.to_dict(), AccessRules.from_settings(_settings("access"), _settings("auth")))


def current_person() -> str:
    """Who is signed in, for the audit log: the provider's own id of the person, never a name."""
    return str(st.user.to_dict().get("sub", "unknown"))


def require(role: str) -> None:
    """The first statement of every staff page: stops the script unless the viewer has at least this role.

    Raises ValueError for a role that does not exist. What it shows is the same for every reason.
    """
    if role not in ROLES:
        raise ValueError(f"there is no role {role!r}; roles are {', '.join(ROLES)}")
    if not may(role):
        st.error(say("staff.guard"))
        st.stop()


def may(role: str) -> bool:
    """Whether whoever looks at this page has at least this role."""
    return _rank(current_role()) >= _rank(role)


def staff_pages() -> list[Any]:
    """Pages for the registry of `dashboard.py`: none in a public process or without a provider or a role."""
    if not (is_staff_process() and has_provider()):
        return []
    role = current_role()
    return [
        st.Page(STAFF_FOLDER / f"{name}.py", title=say(f"staff.{name}.title"), icon=icon, url_path=name)
        for name, (icon, least) in STAFF_PAGES.items()
        if _rank(role) >= _rank(least)
    ]


def sign_in_controls() -> None:
    """The sign-in or sign-out button of a staff process, above the page; nothing in a public one."""
    if not (is_staff_process() and has_provider()):
        return
    with st.container(horizontal_alignment="right"):
        if st.user.to_dict().get("is_logged_in"):
            if current_role() == "public":
                st.warning(say("staff.no_role"))
            st.button(say("staff.sign_out"), on_click=st.logout)
        else:
            st.button(say("staff.sign_in"), on_click=st.login)
