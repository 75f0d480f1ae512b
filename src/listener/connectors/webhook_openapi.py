"""The endpoint of webhook sources in words that machines read: OpenAPI 3.1, served, and in schemas/openapi/."""

from functools import cache
from typing import Any

from listener.connectors.webhook_item import MAX_ITEMS, Gone, Spoken
from listener.signature import ID, SIGNATURE, TIMESTAMP

PATH = "/mentions/{source}"
_HEADERS = {
    ID: "Your id of this message, the same in every attempt.",
    TIMESTAMP: "Seconds since 1970 of this attempt; within five minutes of our time.",
    SIGNATURE: "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, as standardwebhooks.com has it.",
}
_REFUSALS = {
    "401": "Not signed with a key of this source, or not within five minutes.",
    "404": "No such source is configured.",
    "408": "The body did not come in time.",
    "413": "More bytes than the source takes.",
    "415": "Not application/json.",
    "422": "Nothing can be made of any item; it is kept as a dead letter. `items` says what is wrong with each.",
    "500": "Our mistake; send it again.",
    "503": "Not stored for certain; send it again, the same ids change nothing.",
}

_HEADERS_OF = {"503": ("Retry-After", "Seconds."), "401": ("WWW-Authenticate", "What is expected.")}
"""Status to the header that comes with it."""


@cache
def document() -> dict[str, Any]:
    """The whole document; sources with `fields` take what those describe instead of `Spoken` and `Gone`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Listener: webhook sources",
            "version": "1",
            "summary": "Tell Listener what customers, and the company, said.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            PATH: {
                "post": {
                    "operationId": "tellMentions",
                    "summary": "One item, or a list of them",
                    "security": [{name: [] for name in _HEADERS}],
                    "parameters": [
                        {
                            "name": "source",
                            "in": "path",
                            "required": True,
                            "description": "Name of a configured source of the kind webhook.",
                            "schema": {"type": "string"},
                        }
                    ],
                    "requestBody": {"required": True, "content": _json(_body())},
                    "responses": {
                        "202": {
                            "description": "All of it is on the broker; `items` says what became of each.",
                            "content": _json({"$ref": "#/components/schemas/Taken"}),
                        },
                        **{status: _refusal(status, words) for status, words in _REFUSALS.items()},
                    },
                }
            },
            "/openapi.json": {
                "get": {
                    "operationId": "readDocument",
                    "summary": "This document",
                    "security": [],
                    "responses": {
                        "200": {"description": "OpenAPI 3.1", "content": _json({"type": "object"})},
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name, "description": words}
                for name, words in _HEADERS.items()
            },
            "schemas": _schemas(),
        },
    }


def _body() -> dict[str, Any]:
    item = {"anyOf": [{"$ref": "#/components/schemas/Spoken"}, {"$ref": "#/components/schemas/Gone"}]}
    return {"anyOf": [item, {"type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": item}]}


def _schemas() -> dict[str, Any]:
    text = {"type": "string"}
    of_items = {
        "type": "array",
        "description": "In the order of the request.",
        "items": {"type": "object", "properties": {"mention_id": text, "error": text}},
    }
    schemas: dict[str, Any] = {
        "Taken": {"type": "object", "required": ["items"], "properties": {"items": of_items}},
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "items": of_items,
            },
        },
    }
    for model in (Spoken, Gone):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas |= schema.pop("$defs", {})
        schemas[model.__name__] = schema | {"additionalProperties": False}
    return schemas


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _refusal(status: str, words: str) -> dict[str, Any]:
    problem = {"$ref": "#/components/schemas/Problem"}
    refusal: dict[str, Any] = {
        "description": words,
        "content": {"application/problem+json": {"schema": problem}},
    }
    if status in _HEADERS_OF:
        name, meaning = _HEADERS_OF[status]
        refusal["headers"] = {name: {"description": meaning, "schema": {"type": "string"}}}
    return refusal
