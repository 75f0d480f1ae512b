"""Writes the JSON Schemas of all contracts to schemas/, an example of each to schemas/examples/, and the OpenAPI
documents of the endpoints for answers and for webhook sources to schemas/openapi/.

python -m listener.schemas schemas
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

from listener.answers.openapi import document
from listener.connectors.webhook_openapi import document as webhook_document
from listener.domain.contract import Versioned
from listener.domain.topics import ALL
from listener.examples import examples


def file_name(model: type[Versioned]) -> str:
    """``EnrichedMention`` is in ``enriched_mention.v1.json``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", model.__name__).lower() + ".v1.json"


def schema(model: type[Versioned]) -> dict[str, Any]:
    """The schema as a consumer sees the values: with the topics that carry them."""
    generated = model.model_json_schema(mode="validation")  # the other mode requires what may be left out
    topics = [topic.name for topic in ALL if model in topic.models]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "x-topics": topics, **generated}


def files() -> dict[str, str]:
    """Path below schemas/ to content."""
    contents: dict[str, Any] = {
        "openapi/responses.v1.json": document(),
        "openapi/mentions.v1.json": webhook_document(),
    }
    for model, example in examples().items():
        contents[file_name(model)] = schema(model)
        contents[f"examples/{file_name(model)}"] = json.loads(example.to_json())
    return {
        path: json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for path, content in contents.items()
    }


def main() -> None:
    """Writes every file into the directory given."""
    for path, content in files().items():
        target = Path(sys.argv[1]) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
