"""The template engine: compiles each text once, and notes what a template reads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from casita.kernel import Kernel
from casita_automations.templates.results import TemplateError, is_template, native

if TYPE_CHECKING:
    import jinja2

    from casita_automations.templates.environment import Environment
    from casita_automations.templates.structures import Value


class Reads:
    """What a template has looked at, so that it need be rendered again only when that changes."""

    __slots__ = ("all_states", "domains", "entities", "time")

    def __init__(self) -> None:
        self.entities: set[str] = set()
        self.domains: set[str] = set()
        self.all_states = False
        self.time = False
        """It asked what time it is."""

    def key(self) -> tuple[frozenset[str], frozenset[str], bool, bool]:
        """Return what two equal readings share."""
        return frozenset(self.entities), frozenset(self.domains), self.all_states, self.time


class Template:
    """A template's text; it is compiled when it is first rendered."""

    __slots__ = ("_compiled", "_engine", "_globals", "source", "static")

    def __init__(self, engine: Templates, source: str) -> None:
        self._engine = engine
        self.source = source
        self.static = not is_template(source)
        """Whether it holds no Jinja: it renders to itself."""
        self._compiled: jinja2.Template | None = None
        self._globals: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"<Template {self.source!r}>"

    def render(self, variables: Mapping[str, Any]) -> Any:
        """Return the value that the rendered text spells out. Raises `TemplateError`."""
        return native(self.render_text(variables))

    def render_text(self, variables: Mapping[str, Any]) -> str:
        """Return the rendered text without blanks around it. Raises `TemplateError`."""
        if self.static:
            return self.source.strip()
        try:
            compiled = self._compiled
            if compiled is None:
                compiled = self._compiled = self._engine.environment.from_string(self.source)
                self._globals = dict(compiled.globals)
            # Jinja would copy all globals one by one through a ChainMap, at each rendering
            context = compiled.new_context({**self._globals, **variables}, shared=True)
            return "".join(compiled.root_render_func(context)).strip()
        except Exception as err:
            raise TemplateError(f"{self._shown}: {type(err).__name__}: {err}") from err

    def render_tracked(self, variables: Mapping[str, Any]) -> tuple[Any, Reads]:
        """Return the value, or the `TemplateError` that came instead, and what was read."""
        reads = Reads()
        environment = self._engine.environment
        outer, environment.reads = environment.reads, reads
        try:
            return self.render(variables), reads
        except TemplateError as err:
            return err, reads
        finally:
            environment.reads = outer

    @property
    def _shown(self) -> str:
        text = " ".join(self.source.split())
        return text if len(text) <= 80 else f"{text[:77]}..."


class Templates:
    """All templates of a house, each text compiled once."""

    def __init__(
        self,
        kernel: Kernel,
        stale: Set[str] = frozenset(),
        freshen: Callable[[str], None] = lambda _entity_id: None,
    ) -> None:
        """``stale`` holds the entities that ``freshen`` has to be called for before a read."""
        self._kernel = kernel
        self._stale = stale
        self._freshen = freshen
        self._environment: Environment | None = None
        self._known: dict[str, Template] = {}
        self._macros = dict(kernel.config.macros)

    @property
    def environment(self) -> Environment:
        """The Jinja environment; Jinja is imported when it is first asked for."""
        if self._environment is None:
            from jinja2 import DictLoader

            from casita_automations.templates.environment import Environment

            self._environment = Environment(self._kernel, self._stale, self._freshen)
            self._environment.loader = DictLoader(self._macros)
        return self._environment

    def template(self, source: str) -> Template:
        """Return the template of a text. Raises `TemplateError` if it is malformed."""
        known = self._known.get(source)
        if known is None:
            known = Template(self, source)
            if not known.static:
                self._check(source)
            self._known[source] = known
        return known

    def forget(self, macros: Mapping[str, str]) -> None:
        """Forget all texts, when the configuration is read anew, and take its macros."""
        self._known.clear()
        self._macros.clear()
        self._macros.update(macros)

    def render_limited(self, value: Value, variables: Mapping[str, Any]) -> Any:
        """Return a value of which templates may ask for no state and for no time.

        Such are rendered once, so what they ask for must not change. Raises `TemplateError`.
        """
        if value.constant:
            return value.render(variables)
        with self.limited():
            return value.render(variables)

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Let templates that are rendered meanwhile ask neither for states nor for the time."""
        environment = self.environment
        outer, environment.limited = environment.limited, True
        try:
            yield
        finally:
            environment.limited = outer

    def _check(self, source: str) -> None:
        from jinja2 import TemplateSyntaxError

        try:
            self.environment.check(source)
        except TemplateSyntaxError as err:
            raise TemplateError(f"the template is malformed: {err.message}") from err
