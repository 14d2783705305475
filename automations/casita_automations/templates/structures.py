"""Values in which templates may stand anywhere: compiled once, rendered often."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from typing import TYPE_CHECKING, Any

from casita_automations.templates.results import is_template

if TYPE_CHECKING:
    from casita_automations.templates.engine import Templates

Variables = Mapping[str, Any]
Render = Callable[[Variables], Any]


class Value:
    """A value that may hold templates, and how to get at it."""

    __slots__ = ("_parts", "constant", "render", "source")

    def __init__(
        self,
        source: Any,
        render: Render,
        *,
        constant: bool,
        parts: list[tuple[str, Any, Render | None]] | None = None,
    ) -> None:
        self.source = source
        self.render = render
        """Return the value for these variables. Raises `TemplateError`."""
        self.constant = constant
        """Whether it holds no template at all."""
        self._parts = parts or []

    @property
    def names(self) -> set[str]:
        """The keys of a mapping."""
        return {name for name, _constant, _render in self._parts}

    def render_into(self, variables: dict[str, Any], over: Set[str] = frozenset()) -> None:
        """Add a mapping's items to variables; each may use those before it.

        What is there already stays as it is, unless its name is in ``over``. Raises
        `TemplateError`.
        """
        for name, constant, render in self._parts:
            if name not in variables or name in over:
                variables[name] = constant if render is None else render(variables)


def compiled_value(templates: Templates, source: Any) -> Value:
    """Compile a value: lists and mappings are gone through, texts with Jinja are templates.

    Raises `TemplateError` if a template is malformed.
    """
    render = _compiled(templates, source)
    parts = None
    if isinstance(source, Mapping):
        parts = [(str(key), item, _compiled(templates, item)) for key, item in source.items()]
    if render is None:
        return Value(source, lambda _variables: source, constant=True, parts=parts)
    return Value(source, render, constant=False, parts=parts)


def _compiled(templates: Templates, source: Any) -> Render | None:
    """Return how a value is rendered, or None if it is always the same."""
    if isinstance(source, str):
        return templates.template(source).render if is_template(source) else None
    if isinstance(source, Mapping):
        return _compiled_mapping(templates, source)
    if isinstance(source, list | tuple):
        return _compiled_list(templates, source)
    return None


def _compiled_mapping(templates: Templates, source: Mapping[Any, Any]) -> Render | None:
    items = [
        (_compiled(templates, key), key, _compiled(templates, item), item)
        for key, item in source.items()
    ]
    if all(key is None and item is None for key, _, item, _ in items):
        return None
    if all(key is None for key, _, _, _ in items):
        plain = [(key, render, item) for _, key, render, item in items]
        return lambda variables: {
            key: item if render is None else render(variables) for key, render, item in plain
        }
    return lambda variables: {
        (key if render_key is None else render_key(variables)): (
            item if render is None else render(variables)
        )
        for render_key, key, render, item in items
    }


def _compiled_list(templates: Templates, source: list[Any] | tuple[Any, ...]) -> Render | None:
    items = [(_compiled(templates, item), item) for item in source]
    if all(render is None for render, _ in items):
        return None
    return lambda variables: [
        item if render is None else render(variables) for render, item in items
    ]
