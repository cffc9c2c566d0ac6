"""`/api/docs`: the contract as a page. Made here, without a script: the framework's own loads one from elsewhere."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from jinja2 import Template

PAGE = Path(__file__).with_suffix(".html")
POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
CSS = """:root{color-scheme:light dark}
body{font:1rem/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
h2{font-size:1.05rem;margin:2.5rem 0 .3rem;border-top:1px solid #8886;padding-top:1rem}
.about{white-space:pre-line}td{padding:.1rem .8rem .1rem 0;vertical-align:top}caption{text-align:left;font-weight:600}
.answers span{display:inline-block;margin-right:1rem}
"""

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Named:
    """A field or a parameter; `place` is header, path or query."""

    name: str
    kind: str
    needed: bool = True
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """What one door takes and answers."""

    method: str
    path: str
    about: str
    needs: tuple[str, ...]
    parameters: tuple[Named, ...]
    fields: tuple[Named, ...]
    answers: tuple[tuple[str, str], ...]


def add(app: FastAPI) -> None:
    """Show the contract of `app`."""

    @app.get("/api/docs", include_in_schema=False)
    def contract() -> Response:
        told = app.openapi()
        page = _template().render(info=told["info"], operations=list(operations(told)))
        return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})

    @app.get("/api/docs.css", include_in_schema=False)
    def style() -> Response:
        return Response(CSS, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def operations(contract: Json) -> Iterator[Operation]:
    """All doors of `contract`, an OpenAPI document, in its order."""
    schemas = contract.get("components", {}).get("schemas", {})
    for path, methods in contract["paths"].items():
        for method, told in methods.items():
            parameters = (
                Named(one["name"], _kind(one["schema"], schemas), place=one["in"]) for one in told.get("parameters", ())
            )
            answers = told["responses"].items()
            yield Operation(
                method=method.upper(),
                path=path,
                about=told.get("description", ""),
                needs=tuple(name for way in told.get("security", ()) for name in way),
                parameters=tuple(parameters),
                fields=tuple(_fields(told, schemas)),
                answers=tuple((status, answer.get("description", "")) for status, answer in answers),
            )


def _fields(told: Json, schemas: Json) -> Iterator[Named]:
    for content in told.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(content["schema"], schemas)
        needed = schema.get("required", ())
        for name, field in schema.get("properties", {}).items():
            yield Named(name, _kind(field, schemas), needed=name in needed)


def _kind(schema: Json, schemas: Json) -> str:
    """How a schema reads in a few words."""
    schema = _resolved(schema, schemas)
    if ways := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(way, schemas) for way in ways if way.get("type") != "null"))
    if chosen := schema.get("enum") or ([schema["const"]] if "const" in schema else None):
        return ", ".join(map(str, chosen))
    most = f", at most {schema['maxLength']} characters" if "maxLength" in schema else ""
    return f"{schema.get('format') or schema.get('type', 'anything')}{most}. {schema.get('description', '')}".strip()


def _resolved(schema: Json, schemas: Json) -> Json:
    found: Json = schemas.get(schema["$ref"].rpartition("/")[2], {}) if "$ref" in schema else schema
    return found


@lru_cache(maxsize=1)
def _template() -> Template:
    made: Template = Template(PAGE.read_text(encoding="utf-8"), autoescape=True, trim_blocks=True)
    return made
