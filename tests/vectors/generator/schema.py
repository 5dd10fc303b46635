"""The part of JSON Schema 2020-12 that schema.json uses, so that checking the vectors needs nothing installed.

A keyword it does not know is an error, never passed over.
"""

import re

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}
TYPES = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}


class Invalid(ValueError):
    pass


def validate(value, root, ref):
    _check(value, {"$ref": ref}, root, ref.rsplit("/", 1)[-1])


def _fits(value, rule, root):
    try:
        _check(value, rule, root, "")
    except Invalid:
        return False
    return True


def _check(value, rule, root, at):
    for keyword, wanted in rule.items():
        if keyword in ANNOTATIONS:
            continue
        try:
            check = CHECKS[keyword]
        except KeyError:
            raise NotImplementedError(f"schema keyword {keyword!r}") from None
        check(value, wanted, rule, root, at)


def _need(condition, at, says):
    if not condition:
        raise Invalid(f"{at}: {says}")


def _ref(value, ref, _rule, root, at):
    target = root
    for part in ref.removeprefix("#/").split("/"):
        target = target[part]
    _check(value, target, root, at)


def _type(value, types, _rule, _root, at):
    types = [types] if isinstance(types, str) else types
    _need(any(TYPES[name](value) for name in types), at, f"{value!r} is not {' or '.join(types)}")


def _properties(value, properties, _rule, root, at):
    if isinstance(value, dict):
        for name in properties.keys() & value.keys():
            _check(value[name], properties[name], root, f"{at}.{name}")


def _additional(value, rule_for_rest, rule, root, at):
    if isinstance(value, dict):
        for name in value.keys() - rule.get("properties", {}).keys():
            _need(rule_for_rest is not False, at, f"unexpected member {name!r}")
            _check(value[name], rule_for_rest, root, f"{at}.{name}")


def _required(value, names, _rule, _root, at):
    if isinstance(value, dict):
        _need(set(names) <= value.keys(), at, f"lacks {set(names) - value.keys()}")


def _items(value, rule_for_each, _rule, root, at):
    if isinstance(value, list):
        for index, one in enumerate(value):
            _check(one, rule_for_each, root, f"{at}[{index}]")


def _one_of(value, rules, _rule, root, at):
    _need(sum(_fits(value, each, root) for each in rules) == 1, at, "fits none or several of oneOf")


CHECKS = {
    "$ref": _ref,
    "type": _type,
    "properties": _properties,
    "additionalProperties": _additional,
    "required": _required,
    "items": _items,
    "oneOf": _one_of,
    "enum": lambda v, wanted, _r, _root, at: _need(v in wanted, at, f"{v!r} is none of {wanted}"),
    "pattern": lambda v, wanted, _r, _root, at: _need(
        not isinstance(v, str) or re.search(wanted, v), at, f"{v!r} does not match {wanted}"
    ),
    "minimum": lambda v, wanted, _r, _root, at: _need(not TYPES["number"](v) or v >= wanted, at, f"{v} < {wanted}"),
    "maximum": lambda v, wanted, _r, _root, at: _need(not TYPES["number"](v) or v <= wanted, at, f"{v} > {wanted}"),
    "minItems": lambda v, wanted, _r, _root, at: _need(not isinstance(v, list) or len(v) >= wanted, at, "too few"),
    "maxItems": lambda v, wanted, _r, _root, at: _need(not isinstance(v, list) or len(v) <= wanted, at, "too many"),
}
