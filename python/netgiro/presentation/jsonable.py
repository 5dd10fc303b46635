"""Values as what JSON holds, and their schemas for pydantic, which is imported where pydantic itself asks for them.

Amounts are numbers, whole ones without a point; instants are ISO 8601 text; ids and words are text.
"""

from __future__ import annotations

import datetime as dt
import enum
import json
import uuid
from decimal import Decimal
from functools import partial

from netgiro._netgiro import is_json_mode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["core_schema", "jsonable", "members", "text"]


def members(named: dict[str, Any], mode: object) -> dict[str, Any]:
    """Return members, and theirs, by name: as they are, or as what JSON holds."""
    as_json = is_json_mode(mode)
    return {name: _plain(value, as_json=as_json) for name, value in named.items()}


def _plain(value: Any, *, as_json: bool) -> Any:
    if hasattr(value, "to_dict"):
        return value.to_dict(mode="json" if as_json else "python")
    if isinstance(value, list):
        return [_plain(item, as_json=as_json) for item in value]
    return jsonable(value) if as_json else value


def jsonable(value: Any) -> Any:  # noqa: PLR0911 - one for each kind of value
    """Return a value as what JSON holds."""
    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (dt.datetime, dt.date)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if hasattr(value, "to_dict"):
        return value.to_dict(mode="json")
    if isinstance(value, dict):
        return {str(name): jsonable(member) for name, member in value.items()}
    return [jsonable(item) for item in value]


def text(value: Any) -> str:
    """Return a value as JSON text."""
    return json.dumps(jsonable(value), ensure_ascii=False)


def core_schema(kind: type) -> Any:
    """Return pydantic's schema of a class: its own values are valid, and are written as `to_dict` gives them.

    Nothing else is valid: who could make a state of JSON could make a paid one.
    """
    from pydantic_core import core_schema as schema  # noqa: PLC0415 - pydantic is optional

    serialization = schema.plain_serializer_function_ser_schema(_serialized, info_arg=True)
    return schema.json_or_python_schema(
        json_schema=schema.no_info_plain_validator_function(partial(_refused, kind.__name__)),
        python_schema=schema.is_instance_schema(kind),
        serialization=serialization,
    )


def _refused(name: str, _value: Any) -> Any:
    raise ValueError(f"a {name} is not read from JSON")


def _serialized(value: Any, info: Any) -> Any:
    if not hasattr(value, "to_dict"):
        return jsonable(value) if info.mode == "json" else list(value)
    return value.to_dict(mode="json" if info.mode == "json" else "python")
