"""Signing in by OpenID Connect: the authorization code flow with PKCE, state and nonce, by authlib."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import OAuth
from joserfc.errors import JoseError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from listener.console.roles import Person, person_of
from listener.console.sign_in import enter, kept
from listener.console_config import Grant, OidcConfig

log = logging.getLogger(__name__)

START = "/sign-in/oidc"
BACK = "/sign-in/oidc/back"
PROVIDER_SECONDS = 10.0
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Of ID tokens. None that is made with a shared secret, and never `none`, whatever the provider offers."""
ALGORITHMS = "id_token_signing_alg_values_supported"


class OidcSignIn:
    """An OpenID provider says who people are; grants say what they may.

    Args:
        public_url: where browsers reach the console; the provider sends people back to it.
    """

    hint = "Your company's sign-in says who you are."
    start: str | None = START

    def __init__(
        self,
        config: OidcConfig,
        secret: str,
        grants: Sequence[Grant],
        public_url: str,
        max_age_seconds: float,
    ) -> None:
        self._config = config
        self._grants = grants
        self._back = public_url + BACK
        self._max_age_seconds = max_age_seconds
        self._provider = OAuth().register(
            "provider",
            client_id=config.client_id,
            client_secret=secret,
            server_metadata_url=f"{config.issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": config.scopes,
                "code_challenge_method": "S256",
                "timeout": PROVIDER_SECONDS,
            },
        )
        self.routes: Sequence[Route] = [Route(START, self._leave), Route(BACK, self._come_back)]

    def person(self, request: Request) -> Person | None:
        """By the cookie, with the role that they have now."""
        found = kept(request, self._max_age_seconds)
        return person_of(found.name, found.groups, self._grants, found.session) if found else None

    async def _leave(self, request: Request) -> Response:
        try:
            await self._know_provider()
            answer: Response = await self._provider.authorize_redirect(request, self._back)
        except (httpx2.HTTPError, ValueError, RuntimeError) as error:
            raise _away(error) from error
        return answer

    async def _come_back(self, request: Request) -> Response:
        try:
            await self._know_provider()
            token = await self._provider.authorize_access_token(
                request,
                claims_options={
                    "iss": {"essential": True, "value": self._config.issuer},
                    "aud": {"essential": True, "value": self._config.client_id},
                },
            )
        except httpx2.HTTPError as error:
            raise _away(error) from error
        except (AuthlibBaseError, JoseError, ValueError, RuntimeError) as error:
            log.warning("signing in failed: %s", error)
            raise HTTPException(
                403, "The provider's answer is not one to what was asked. Start again from the first page."
            ) from error
        return enter(request, *self._known(token.get("userinfo") or {}))

    async def _know_provider(self) -> None:
        """Reads once what the provider says of itself."""
        known: dict[str, Any] = await self._provider.load_server_metadata()
        if known.get("issuer") != self._config.issuer:
            raise RuntimeError(f"it calls itself {known.get('issuer')}, and console.oidc.issuer is another")
        known[ALGORITHMS] = [name for name in known.get(ALGORITHMS) or SIGNATURES if name in SIGNATURES]

    def _known(self, claims: Mapping[str, Any]) -> tuple[str, list[str]]:
        """Name of the person that an ID token tells of, and their groups, those that a grant names.

        Raises:
            HTTPException: it does not say who, or they have no role.
        """
        name = claims.get(self._config.name_claim)
        if not isinstance(name, str) or not name.strip():
            raise HTTPException(403, f"The provider does not say {self._config.name_claim} of you.")
        if self._config.name_claim == "email" and claims.get("email_verified") is False:
            raise HTTPException(403, f"The provider has not verified that {name} is yours.")
        groups = claims.get(self._config.groups_claim, [])
        groups = [groups] if isinstance(groups, str) else [one for one in groups if isinstance(one, str)]
        if person_of(name, groups, self._grants, session="") is None:
            raise HTTPException(403, f"{name} has no role in the console; an administrator gives one.")
        granted = {group for grant in self._grants for group in grant.groups}
        return name, [
            group for group in groups if group in granted
        ]  # all of them may be too many for a cookie


def _away(error: Exception) -> HTTPException:
    log.warning("the OpenID provider cannot be asked: %s", error)
    return HTTPException(
        503, "The sign-in of your company does not answer as it must. Try again in a minute."
    )
