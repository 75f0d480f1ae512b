"""The published schemas: fresh, complete, and in agreement with the contracts."""

import json
from pathlib import Path

import jsonschema
import pytest

from listener import schemas
from listener.domain.contract import Versioned
from listener.domain.topics import ALL
from listener.examples import examples

PUBLISHED = Path(__file__).parents[2] / "schemas"
MODELS = [model for topic in ALL for model in topic.models]


def test_schemas_and_examples_are_fresh() -> None:
    published = {
        str(path.relative_to(PUBLISHED)): path.read_text(encoding="utf-8")
        for path in PUBLISHED.rglob("*.json")
    }
    assert published == schemas.files(), "run `make schemas`"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_contract_has_an_example_that_schema_and_contract_accept(model: type[Versioned]) -> None:
    example = examples()[model]
    value = json.loads(example.to_json())
    jsonschema.validate(value, schemas.schema(model))
    assert model.read(example.to_json()) == example
    assert model.read_at_edge(example.to_json()) == example


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_schemas_refuse_what_contracts_refuse(model: type[Versioned]) -> None:
    value = json.loads(examples()[model].to_json())
    for field in schemas.schema(model).get("required", []):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({k: v for k, v in value.items() if k != field}, schemas.schema(model))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value | {"schema_version": 2}, schemas.schema(model))
