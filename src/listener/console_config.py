"""How people sign in to the console, and what they may see there: the section `console` of `listener.yaml`."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from listener.domain.document import Document

Role = Literal["viewer", "partner", "agent", "analyst", "admin"]
VARIABLE = r"^[A-Z][A-Z0-9_]*$"
HEADER = r"^[A-Za-z0-9-]{1,60}$"
NAMED = Annotated[str, Field(min_length=1, max_length=200)]


class Grant(Document):
    """Who has a role. The first grant of the list that names a person, or one of their groups, holds."""

    role: Role
    people: tuple[NAMED, ...] = ()
    """By the name under which they are signed in; upper and lower case are the same."""
    groups: tuple[NAMED, ...] = ()
    queues: tuple[NAMED, ...] = ()
    """partner: the queues that they see; of the other roles everybody sees all."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.role == "partner") != bool(self.queues):
            raise ValueError("the role partner and the queues that it sees belong together")
        if not self.people and not self.groups:
            raise ValueError("name people or groups, else nobody has this role")
        return self


class ProxyConfig(Document):
    """A proxy that has people sign in, and says who they are in headers."""

    addresses: tuple[str, ...] = Field(min_length=1)
    """From where it connects: addresses or networks such as 10.0.0.0/24. From elsewhere nobody is let in."""
    user_header: str = Field(default="X-Forwarded-User", pattern=HEADER)
    groups_header: str = Field(default="X-Forwarded-Groups", pattern=HEADER)
    """Groups, separated by commas."""

    @field_validator("addresses")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for address in value:
            ipaddress.ip_network(address)
        return value


class OidcConfig(Document):
    """An OpenID provider: Keycloak, Entra ID, Okta, Google and others."""

    issuer: str = Field(pattern=r"^https?://")
    client_id: str = Field(min_length=1)
    client_secret: str = Field(pattern=VARIABLE)
    """Environment variable that holds it."""
    scopes: str = "openid email profile"
    name_claim: str = "email"
    """Claim of the ID token under which a person is known here."""
    groups_claim: str = "groups"


class ConsoleConfig(Document):
    """The console."""

    sign_in: Literal["token", "proxy", "oidc"] = "token"
    """token: whoever has the address that is printed at the start, on this machine alone."""
    public_url: str | None = Field(default=None, pattern=r"^https?://[^/?#]+$")
    """Where browsers reach it, such as https://listener.example.org; the console has a host of its own."""
    proxy: ProxyConfig | None = None
    oidc: OidcConfig | None = None
    roles: tuple[Grant, ...] = ()
    """Who has none is not let in."""
    session_hours: float = Field(default=12, gt=0, le=24 * 31)
    """After so long people sign in again."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for way, told in (("proxy", self.proxy), ("oidc", self.oidc)):
            if (self.sign_in == way) != (told is not None):
                raise ValueError(f"sign_in: {way} and the section {way} belong together")
        if self.sign_in != "token" and not self.roles:
            raise ValueError(f"sign_in is {self.sign_in}, and roles says nobody may come in")
        if self.sign_in == "oidc" and self.public_url is None:
            raise ValueError(
                "sign_in is oidc, which needs public_url, to where the provider sends people back"
            )
        return self
