"""Write docs/params.md, every key of params.yaml, from the schema that checks it: python docs/params.py."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SCHEMA = HERE.parent / "workflow" / "schemas" / "params.schema.yaml"
HEAD = """# Every key of params.yaml

The shipped [params.yaml](../params.yaml) is a complete example. A key that is not here is refused, with the
nearest one that is. There are no defaults: every number that a result depends on stands in the file. This
page is made from the schema that checks it (`python docs/params.py`); an editor that knows the YAML language
server shows the same while you type.

| key | what it is | may be |
|---|---|---|
"""


def page() -> str:
    """Return the page: a line for each key, in the schema's order."""
    schema = yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))
    rows = (f"| {key} | {what} | {values} |" for key, what, values in _keys(schema, schema, ""))
    return HEAD + "\n".join(rows) + "\n"


def _keys(node: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[tuple[str, str, str]]:
    asked = {*node.get("required", []), *(name for one in node.get("oneOf", []) for name in one["required"])}
    for name, found in _properties(node).items():
        one = _resolved(found, schema)
        optional = "" if name in asked else " (optional)"
        yield f"`{where}{name}`{optional}", one.get("description", ""), _values(one)
        if one.get("properties", {}).keys() == {"file", "dataset", "axes"}:
            continue
        yield from _keys(one, schema, f"{where}{name}.")
        named = one.get("additionalProperties")
        if isinstance(named, dict) and "$ref" in named and "maxProperties" in one:
            yield from _keys(_resolved(named, schema), schema, f"{where}{name}.<name>.")
        items = _resolved(one.get("items", {}), schema)
        yield from _keys(items, schema, f"{where}{name}[].")


def _properties(node: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a node, also those that stand under a condition."""
    keys = node.get("properties", {})
    return keys | {name: one for name, one in node.get("else", {}).get("properties", {}).items() if one}


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return node if reference is None else schema["$defs"][reference.rsplit("/", 1)[1]] | node


def _values(node: dict[str, Any]) -> str:
    node = node | node.get("then", {})
    if "enum" in node:
        return ", ".join(f"`{one}`" for one in node["enum"])
    if node.get("properties", {}).keys() == {"file", "dataset", "axes"}:
        return "`{file, dataset, axes}`, as of the scan"
    kind = node.get("type", "")
    kinds = ", ".join(kind) if isinstance(kind, list) else kind
    lowest, highest = node.get("minimum", node.get("exclusiveMinimum")), node.get("maximum")
    if lowest is None or "object" in kinds:
        return kinds
    above = "above " if "exclusiveMinimum" in node else ""
    return f"{kinds}, {above}{_spell(lowest)} to {_spell(highest)}"


def _spell(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


if __name__ == "__main__":
    (HERE / "params.md").write_text(page(), encoding="utf-8")
