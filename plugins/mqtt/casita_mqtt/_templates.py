"""Templates of devices: compiled once, in a sandbox with bounds, with Home Assistant's filters.

A template comes from whoever may write to the broker, so what it can burn is limited: no
macros, imports or recursion, a bounded number of loop rounds, no huge repetitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import jinja2
from jinja2 import nodes
from jinja2.exceptions import SecurityError, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from casita_mqtt import _bounds, _filters
from casita_mqtt._message import NO_JSON, Message

_LENGTH_LIMIT: Final = 20_000
"""Characters of a template's text."""
_PROGRAMS_LIMIT: Final = 5_000
"""Different templates that are kept compiled."""
_FORBIDDEN: Final = (
    nodes.Macro,
    nodes.CallBlock,
    nodes.Import,
    nodes.FromImport,
    nodes.Include,
    nodes.Extends,
)

Variables = Mapping[str, Any]
Facts = Callable[[], Variables]
"""Returns what a template can know of its entity: ``this``, ``entity_id``, ``name``."""


class TemplateProblem(ValueError):
    """A template is wrong, or failed; the text says why, for a person."""


class Template:
    """A compiled template. It renders to text, as Home Assistant does for MQTT."""

    def __init__(self, source: str, sandbox: Sandbox, facts: Facts | None = None) -> None:
        """Raises `TemplateProblem` if the text is no valid template."""
        self.source = source.strip()
        self._facts = facts
        self._sandbox = sandbox
        self._program = sandbox.program(self.source) if _has_delimiters(self.source) else None

    def of_message(self, message: Message, text: str) -> str:
        """Render with a message's payload as ``value`` and ``value_json``.

        Raises `TemplateProblem` if it fails.
        """
        program = self._program
        if program is None:
            return self.source
        if program.path is not None:
            quick = _follow(program.path, text, message)
            if quick is not None:
                return quick
        variables: dict[str, Any] = {"value": text}
        if "value_json" in program.names and (value := message.json()) is not NO_JSON:
            variables["value_json"] = value
        return self._render(program, variables)

    def of(self, variables: Variables) -> str:
        """Render with these variables. Raises `TemplateProblem` if it fails."""
        return self._render(self._program, dict(variables)) if self._program else self.source

    def _render(self, program: Program, variables: dict[str, Any]) -> str:
        if self._facts is not None and program.names & _FACTS:
            variables = {**self._facts(), **variables}
        try:
            return self._sandbox.render(program, variables)
        except _FAILURES as err:
            raise TemplateProblem(f"{self.source!r} failed: {_words(err)}") from err


class Program(NamedTuple):
    """What a template's text comes to; the same for all entities that have this text."""

    names: frozenset[str]
    """The variables that it uses."""
    path: tuple[str | int, ...] | None
    """The keys that it looks up, if it does nothing else."""
    compiled: jinja2.Template


_FACTS: Final = frozenset(("this", "entity_id", "name"))
_FAILURES: Final = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RecursionError,
    TypeError,
    ValueError,
)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja with Home Assistant's words and with bounds."""

    intercepted_binops = _bounds.BINOPS

    def __init__(self, words: Mapping[str, Callable[..., Any]] | None = None) -> None:
        """``words`` are further functions that templates may call: ``states``, ``now``."""
        super().__init__(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])
        self.filters = _bounds.filters(self.filters)
        self.filters.update(_filters.FILTERS)
        self.filters.update(_counted=self._counted, _sized=_bounds.sized)
        self.tests.update(_filters.TESTS)
        for unbounded in ("lipsum", "cycler", "joiner"):
            self.globals.pop(unbounded, None)
        self.globals.update(_filters.GLOBALS)
        self.globals.update({"range": _bounds.limited_range, **(words or {})})
        self._rounds = 0
        self._programs: dict[str, Program] = {}

    def program(self, source: str) -> Program:
        """Return a compiled template. Raises `TemplateProblem` if the text is not valid."""
        known = self._programs.get(source)
        if known is None:
            if len(self._programs) >= _PROGRAMS_LIMIT:
                self._programs.clear()
            known = self._programs[source] = self._compiled(source)
        return known

    def render(self, program: Program, variables: Variables) -> str:
        """Render a template; whatever it raises comes out."""
        self._rounds = 0
        return program.compiled.render(variables).strip()

    def _compiled(self, source: str) -> Program:
        if len(source) > _LENGTH_LIMIT:
            raise TemplateProblem(f"a template of more than {_LENGTH_LIMIT} characters")
        try:
            tree = self.parse(source)
            names = frozenset(one.name for one in tree.find_all(nodes.Name))
            path = _path_of(tree)
            _restrict(tree)
            compiled = self.from_string(tree)
        except (TemplateError, RecursionError, SyntaxError) as err:
            raise TemplateProblem(f"{source!r} is no valid template: {_words(err)}") from err
        # Jinja copies all globals for each rendering: three quarters of its time with ours.
        compiled.globals = {name: self.globals[name] for name in names if name in self.globals}
        return Program(names, path, compiled)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Refuse what would be too large."""
        _bounds.check_binop(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def call(self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Refuse a method of a text that would fill it up."""
        _bounds.check_call(__obj, (*args, *kwargs.values()))
        return super().call(__context, __obj, *args, **kwargs)

    def _counted(self, items: Iterable[Any]) -> Iterator[Any]:
        for item in items:
            self._rounds += 1
            if self._rounds > _bounds.ROUNDS_LIMIT:
                raise SecurityError(f"more than {_bounds.ROUNDS_LIMIT} rounds of loops")
            yield item


def _restrict(tree: nodes.Template) -> None:
    """Put bounds into a template. Raises `SecurityError` for what it may not have at all."""
    for node in tree.find_all(_FORBIDDEN):
        raise SecurityError(f"{type(node).__name__.lower()} is not allowed here")
    for loop in list(tree.find_all(nodes.For)):
        if loop.recursive:
            raise SecurityError("a recursive loop is not allowed here")
        loop.iter = _through(loop.iter, "_counted")
    for joined in list(tree.find_all(nodes.Concat)):
        joined.nodes = [_through(nodes.Concat(joined.nodes), "_sized")]


def _through(node: nodes.Node, filter: str) -> nodes.Filter:
    return nodes.Filter(node, filter, [], [], None, None)


def _has_delimiters(source: str) -> bool:
    return "{{" in source or "{%" in source or "{#" in source


def _path_of(tree: nodes.Template) -> tuple[str | int, ...] | None:
    """Return the keys of a template that only looks up ``value_json.a['b'][0]``, else None.

    ``{{ value }}`` is the empty path.
    """
    if len(tree.body) != 1 or not isinstance(output := tree.body[0], nodes.Output):
        return None
    if len(output.nodes) != 1:
        return None
    node: nodes.Node = output.nodes[0]
    keys: list[str | int] = []
    while not isinstance(node, nodes.Name):
        if isinstance(node, nodes.Getattr) and not hasattr(dict, node.attr):
            keys.append(node.attr)
        elif (
            isinstance(node, nodes.Getitem)
            and isinstance(node.arg, nodes.Const)
            and isinstance(node.arg.value, (str, int))
        ):
            keys.append(node.arg.value)
        else:
            return None
        node = node.node
    if node.name == ("value_json" if keys else "value"):
        return tuple(reversed(keys))
    return None


def _follow(path: tuple[str | int, ...], text: str, message: Message) -> str | None:
    """Return what a path leads to as text; None leaves the matter to Jinja."""
    if not path:
        return text.strip()
    found = message.json()
    for key in path:
        if not _holds(found, key):
            return None
        found = found[key]
    return str(found).strip()


def _holds(found: Any, key: str | int) -> bool:
    if isinstance(key, str):
        return type(found) is dict and key in found
    return type(found) is list and -len(found) <= key < len(found)


def _words(err: BaseException) -> str:
    return str(err) or type(err).__name__
