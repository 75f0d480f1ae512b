"""The endpoint in words that machines read: OpenAPI 3.1, served, and stored in schemas/openapi/."""

from functools import cache
from typing import Any

from listener.answers.answer import Answer
from listener.signature import ID, SIGNATURE, TIMESTAMP

PATH = "/responses"
MAX_BODY_BYTES = 64 * 1024
_HEADERS = {
    ID: "Your id of this message, the same in every attempt: what comes again under it is done once.",
    TIMESTAMP: "Seconds since 1970 of this attempt; within five minutes of our time.",
    SIGNATURE: "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`, as standardwebhooks.com has it.",
}
_REFUSALS = {
    "400": "Not JSON, or no object.",
    "401": "Not signed by anybody known, or not within five minutes.",
    "404": "`case_id` is not known here.",
    "408": "The body did not come in time.",
    "409": "Another answer came under the same webhook-id.",
    "413": f"More than {MAX_BODY_BYTES} bytes.",
    "415": "Not application/json.",
    "422": "A field is wrong; `errors` names each.",
    "500": "Our mistake; send it again under the same webhook-id.",
    "503": "Not stored for certain; send it again under the same webhook-id.",
}


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    schemas = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Listener: answers",
            "version": "1",
            "summary": "Tell Listener what the company answered.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": {
            PATH: {
                "post": {
                    "operationId": "tellAnswer",
                    "summary": "One answer to a case or a contact",
                    "security": [{name: [] for name in _HEADERS}],
                    "requestBody": {"required": True, "content": _json("Answer")},
                    "responses": {
                        "202": {
                            "description": "It is on the broker; the case follows within a second or so.",
                            "content": _json("Taken"),
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
                        "200": {
                            "description": "OpenAPI 3.1",
                            "content": {"application/json": {"schema": {"type": "object"}}},
                        }
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {
                name: {"type": "apiKey", "in": "header", "name": name, "description": words}
                for name, words in _HEADERS.items()
            },
            "schemas": schemas,
        },
    }


def _schemas() -> dict[str, Any]:
    answer = Answer.model_json_schema(ref_template="#/components/schemas/{model}")
    nested = answer.pop("$defs")
    for schema in (answer, *nested.values()):
        schema["additionalProperties"] = False
    text = {"type": "string"}
    return {
        "Answer": answer,
        **nested,
        "Taken": {
            "type": "object",
            "required": ["response_id", "contact", "author"],
            "properties": {
                "response_id": text,
                "contact": text,
                "author": text,
                "case_id": {"type": "string", "description": "As the case is called now."},
            },
        },
        "Problem": {
            "type": "object",
            "description": "RFC 9457",
            "required": ["type", "title", "status", "detail"],
            "properties": {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "detail"],
                        "properties": {"field": text, "detail": text},
                    },
                },
            },
        },
    }


def _json(name: str, media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _refusal(status: str, words: str) -> dict[str, Any]:
    refusal: dict[str, Any] = {"description": words, "content": _json("Problem", "application/problem+json")}
    named = {"503": ("Retry-After", "Seconds."), "401": ("WWW-Authenticate", "What is expected.")}
    if status in named:
        header, meaning = named[status]
        refusal["headers"] = {header: {"description": meaning, "schema": {"type": "string"}}}
    return refusal
