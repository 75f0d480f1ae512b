"""A section of the console: what the others have to bring to be one of its pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from listener.console.roles import EVERYBODY
from listener.console_config import Role


@dataclass(frozen=True)
class Section:
    """Pages that belong together.

    1. The app checks that every path begins with ``/name``, and shows `label` to those in `seen_by`.
    2. A request of anybody else is answered with 403 before an endpoint sees it.
    3. An endpoint takes a request and gives a response, mostly by `page`. One that is a plain function runs in a
       thread and may block; one that is a coroutine must not.
    4. A POST reaches an endpoint only with its form's token; what was sent is in ``request.state.form``.
    5. An endpoint may raise `HTTPException`, `UsageError` (422) and any other `ListenerError` (503): each becomes
       a page that says what is wrong.

    Attributes:
        name: first part of every path, and the directory of its templates, such as ``cases``.
        label: in the navigation; empty where it is not to be there.
    """

    name: str
    label: str
    routes: Sequence[Route]
    seen_by: frozenset[Role] = EVERYBODY
