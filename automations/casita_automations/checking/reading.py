"""What templates speak of, read from their syntax."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from casita.errors import did_you_mean
from casita.ids import is_entity_id
from casita_automations.templates import TemplateError, Templates

if TYPE_CHECKING:
    from jinja2 import nodes

_READERS: Final = frozenset(
    {"states", "is_state", "state_attr", "is_state_attr", "has_value", "state_translated"}
)
_OF_ATTRIBUTES: Final = frozenset({"state_attr", "is_state_attr"})
_MANY: Final = 100_000
"""So many passes of a template's loop hold everything up."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one template speaks of."""

    entities: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
    """Entity and attribute."""
    faults: tuple[str, ...] = ()
    """Words in it that do not exist."""
    slow: str | None = None
    """Why it takes long, if it does."""
    names: frozenset[str] = field(default_factory=frozenset)
    """The variables and functions that it uses and does not define."""


class Mentions:
    """Reads templates, each text once."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._known: dict[str, Read] = {}

    def of(self, source: str) -> Read:
        """Return what a template speaks of; nothing if it is malformed."""
        known = self._known.get(source)
        if known is None:
            known = self._known[source] = self._read(source)
        return known

    def _read(self, source: str) -> Read:
        from jinja2 import TemplateSyntaxError, nodes

        try:
            self._templates.template(source)
            tree = self._templates.environment.parse(source)
        except (TemplateError, TemplateSyntaxError, RecursionError):
            return Read()
        return Read(
            entities=tuple(dict.fromkeys(_entities(tree))),
            attributes=tuple(dict.fromkeys(_attributes(tree))),
            faults=tuple(dict.fromkeys(self._faults(tree))),
            slow=_slow(tree),
            names=frozenset(one.name for one in tree.find_all(nodes.Name)) - _defined(tree),
        )

    def _faults(self, tree: nodes.Template) -> Iterator[str]:
        from jinja2 import nodes

        environment = self._templates.environment
        kinds = ((nodes.Filter, "filter", environment.filters), (nodes.Test, "test",
                 environment.tests))  # fmt: skip
        for kind, word, known in kinds:
            for node in tree.find_all(kind):
                if node.name not in known:
                    hint = did_you_mean(node.name, known)
                    yield f"templates have no {word} {node.name!r}.{hint}"
        defined = _defined(tree)
        for call in tree.find_all(nodes.Call):
            target = call.node
            if not isinstance(target, nodes.Name) or target.name in environment.globals:
                continue
            if target.name not in defined:
                near = did_you_mean(target.name, environment.globals)
                if near:
                    yield f"templates have no function {target.name!r}.{near}"


def _defined(tree: nodes.Template) -> set[str]:
    from jinja2 import nodes

    defined = {one.name for one in tree.find_all(nodes.Name) if one.ctx in ("store", "param")}
    defined |= {one.name for one in tree.find_all(nodes.Macro)}
    for one in tree.find_all(nodes.FromImport):
        defined |= {name if isinstance(name, str) else name[1] for name in one.names}
    return defined


def _entities(tree: nodes.Template) -> Iterator[str]:
    from jinja2 import nodes

    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in _READERS and call.args:
            yield from _constants(call.args[0])
    for one in tree.find_all((nodes.Filter, nodes.Test)):
        if one.name in _READERS and one.node is not None:
            yield from _constants(one.node)
    for getattr_ in tree.find_all(nodes.Getattr):
        found = _dotted(getattr_)
        if found is not None:
            yield found


def _constants(node: Any) -> Iterator[str]:
    from jinja2 import nodes

    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        text = node.value.strip().lower()
        if is_entity_id(text):
            yield text


def _dotted(node: Any) -> str | None:
    """Return the entity of ``states.light.hall``."""
    from jinja2 import nodes

    inner = node.node
    if not isinstance(inner, nodes.Getattr) or not isinstance(inner.node, nodes.Name):
        return None
    entity_id = f"{inner.attr}.{node.attr}"
    return entity_id if inner.node.name == "states" and is_entity_id(entity_id) else None


def _attributes(tree: nodes.Template) -> Iterator[tuple[str, str]]:
    from jinja2 import nodes

    for call in tree.find_all(nodes.Call):
        named = isinstance(call.node, nodes.Name) and call.node.name in _OF_ATTRIBUTES
        if not named or len(call.args) < 2:
            continue
        attribute = call.args[1]
        if isinstance(attribute, nodes.Const) and isinstance(attribute.value, str):
            for entity_id in _constants(call.args[0]):
                yield entity_id, attribute.value


def _slow(tree: nodes.Template) -> str | None:
    """Say why a template takes long: it is rendered on the loop that everything runs on."""
    from jinja2 import nodes

    for loop in tree.find_all(nodes.For):
        count = _count(loop.iter)
        for inner in loop.find_all(nodes.For):
            if inner is not loop and _all_states(inner.iter) and _all_states(loop.iter):
                return "for each entity it goes through all entities again; select first"
            if inner is not loop:
                count = max(count, _count(loop.iter) * max(1, _count(inner.iter)))
        if count > _MANY:
            return f"its loops take {count:,} passes"
    return None


def _count(node: Any) -> int:
    """Return the passes of a ``range`` of constants; 0 for anything else."""
    from jinja2 import nodes

    if not isinstance(node, nodes.Call) or not isinstance(node.node, nodes.Name):
        return 0
    numbers = [one.value for one in node.args if isinstance(one, nodes.Const)]
    if node.node.name != "range" or len(numbers) != len(node.args) or not numbers:
        return 0
    if not all(isinstance(one, int) for one in numbers) or (len(numbers) == 3 and not numbers[2]):
        return 0
    return len(range(*numbers))


def _all_states(node: Any) -> bool:
    from jinja2 import nodes

    return isinstance(node, nodes.Name) and node.name == "states"
