"""A small OpenID Connect provider for this machine: authorization code flow with PKCE, signed tokens, real
redirects. Tokens are made with joserfc. It asks for no password: whoever can reach it may be anyone, which is why
it listens on loopback only and its people are invented.

OpenID Connect Core 1.0 (sections 3.1.2, 3.1.3, 2) and RFC 7636.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import time
from dataclasses import dataclass, field
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CODE_SECONDS = 60
TOKEN_SECONDS = 3600


@dataclass(frozen=True)
class Person:
    """Someone who may sign in. `fault` makes a token that must be refused (tests only)."""

    subject: str
    name: str
    groups: tuple[str, ...] = ()
    fault: str = ""


DEMO_PEOPLE = (
    Person("demo-steward", "Data steward (invented)", ("ovp-data-stewards",)),
    Person("demo-leadership", "Office leadership (invented)", ("ovp-leadership",)),
    Person("demo-visitor", "Someone without a role (invented)"),
)


@dataclass
class Provider:
    """One provider: its address, its one client, its people, its key."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    people: tuple[Person, ...] = DEMO_PEOPLE
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "demo", "use": "sig"}))
    codes: dict[str, dict[str, str | float]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._configuration),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/logout", self._logout),
            ]
        )

    async def _configuration(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "end_session_endpoint": f"{self.issuer}/logout",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            }
        )

    async def _keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") != self.redirect_uri:
            return HTMLResponse("Unknown client or return address", status_code=400)
        person = next((one for one in self.people if one.subject == asked.get("person")), None)
        if person is None:
            choices = "".join(
                f'<li><a href="?{html.escape(urlencode({**asked, "person": one.subject}))}">'
                f"{html.escape(one.name)}</a></li>"
                for one in self.people
            )
            return HTMLResponse(
                f"<!doctype html><title>Sign-in (demo)</title><h1>Sign in as</h1><ul>{choices}</ul>"
            )
        code = secrets.token_urlsafe(24)
        self.codes[code] = {
            "person": person.subject,
            "nonce": asked.get("nonce", ""),
            "challenge": asked.get("code_challenge", ""),
            "until": time.time() + CODE_SECONDS,
        }
        back = urlencode({"code": code, "state": asked.get("state", "")})
        return RedirectResponse(f"{self.redirect_uri}?{back}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_client(request, str(form.get("client_id")), str(form.get("client_secret"))):
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        grant = self.codes.pop(str(form.get("code")), None)  # a code works once
        if grant is None or float(grant["until"]) < time.time():
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if grant["challenge"]:
            digest = hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest()
            if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant["challenge"]:
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
        person = next(one for one in self.people if one.subject == grant["person"])
        return JSONResponse(
            {
                "access_token": secrets.token_urlsafe(24),
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
                "id_token": self.id_token(person, str(grant["nonce"])),
            }
        )

    def _is_client(self, request: Request, posted_id: str, posted_secret: str) -> bool:
        kind, _, encoded = request.headers.get("authorization", "").partition(" ")
        given = f"{posted_id}:{posted_secret}"
        if kind.lower() == "basic":
            given = base64.b64decode(encoded).decode()
        return secrets.compare_digest(given, f"{self.client_id}:{self.client_secret}")

    def id_token(self, person: Person, nonce: str) -> str:
        """The signed statement who this is; with the person's `fault` where one is set."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.client_id,
            "sub": person.subject,
            "name": person.name,
            "groups": list(person.groups),
            "nonce": nonce,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
        }
        key = self.key
        if person.fault == "expired":
            claims |= {"iat": now - 2 * TOKEN_SECONDS, "exp": now - TOKEN_SECONDS}
        elif person.fault == "forged":
            key = RSAKey.generate_key(2048, {"kid": "demo", "use": "sig"})
        elif person.fault == "wrong_audience":
            claims["aud"] = "another-dashboard"
        elif person.fault == "wrong_issuer":
            claims["iss"] = "https://login.elsewhere.example"
        elif person.fault == "wrong_nonce":
            claims["nonce"] = "replayed"
        return jwt.encode({"alg": "RS256", "kid": "demo"}, claims, key)

    async def _logout(self, request: Request) -> Response:
        return RedirectResponse(self.redirect_uri.removesuffix("/oauth2callback") + "/", status_code=302)
