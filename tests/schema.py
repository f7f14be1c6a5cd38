"""schema.py - checks JSON against the part of OpenAPI's schemas that api/openapi.yaml uses"""
import re

TYPES = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float),
         "boolean": bool, "null": type(None)}


def resolve(document, node):
    while "$ref" in node:
        target = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        node = target
    return node


def type_fits(value, names):
    names = names if isinstance(names, list) else [names]
    if isinstance(value, bool) and "boolean" not in names:
        return False
    return any(isinstance(value, TYPES[name]) for name in names)


def object_errors(document, schema, value, where):
    properties = schema.get("properties", {})
    more = schema.get("additionalProperties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{where}: {name} is missing"
    for name, item in value.items():
        yield from errors(document, properties.get(name, more), item, f"{where}.{name}")


def errors(document, schema, value, where="$"):
    """sentences about what does not fit; none when all does"""
    schema = resolve(document, schema)
    for part in schema.get("allOf", ()):
        yield from errors(document, part, value, where)
    if "type" in schema and not type_fits(value, schema["type"]):
        yield f"{where}: {value!r} is not {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r} is none of {schema['enum']}"
    if "const" in schema and value != schema["const"]:
        yield f"{where}: {value!r} is not {schema['const']!r}"
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: {value!r} does not match {schema['pattern']}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            yield f"{where}: {value} is out of range"
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            yield f"{where}: {len(value)} items"
        for at, item in enumerate(value):
            yield from errors(document, schema.get("items", {}), item, f"{where}[{at}]")
    if isinstance(value, dict):
        yield from object_errors(document, schema, value, where)
