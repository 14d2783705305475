"""The Jinja environment in which templates of the house run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateAssertionError, Undefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from casita.errors import did_you_mean
from casita.events import State
from casita.kernel import Kernel
from casita_automations.templates import house, numbers, places, texts, times

if TYPE_CHECKING:
    from casita_automations.templates.engine import Reads

_DICT_METHODS = frozenset(dir(dict))
_LEAVES = frozenset({nodes.Name, nodes.Const, nodes.TemplateData})


class Environment(ImmutableSandboxedEnvironment):
    """A sandbox with Home Assistant's vocabulary, over the states of one house."""

    def __init__(self, kernel: Kernel, stale: Set[str], freshen: Callable[[str], None]) -> None:
        super().__init__(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])
        self.reads: Reads | None = None
        """What the template being rendered has read so far, if anybody wants to know."""
        self.limited = False
        """Whether templates may ask neither for states nor for the time."""
        self.kernel = kernel
        self.stale = stale
        self.freshen = freshen
        for part in (house, numbers, places, texts, times):
            words = part.words(self)
            self.globals.update(words.functions)
            self.filters.update(words.filters)
            self.tests.update(words.tests)
        self.filters["apply"] = _apply
        self.tests["apply"] = _apply
        self.filters["as_function"] = _as_function
        self.globals["as_function"] = _as_function
        self.globals["typeof"] = self.filters["typeof"] = lambda value: type(value).__name__
        self.tests["defined"] = lambda value: not isinstance(value, Undefined)

    def check(self, source: str) -> None:
        """Raise `jinja2.TemplateSyntaxError` if a template is malformed, or lacks what it needs.

        As with Jinja, an unknown filter counts only where it is certain to be asked for.
        """
        waiting: list[nodes.Node] = [self.parse(source)]
        while waiting:
            node = waiting.pop()
            if type(node) in _LEAVES:
                continue
            if isinstance(node, nodes.Filter) and node.name not in self.filters:
                raise self._lacks("filter", node, self.filters)
            if isinstance(node, nodes.Test) and node.name not in self.tests:
                raise self._lacks("test", node, self.tests)
            if isinstance(node, nodes.If | nodes.CondExpr):
                waiting.append(node.test)
            else:
                waiting += node.iter_child_nodes()

    @staticmethod
    def _lacks(what: str, node: nodes.Filter | nodes.Test, known: Iterable[str]) -> Exception:
        hint = did_you_mean(node.name, list(known))
        return TemplateAssertionError(f"there is no {what} {node.name!r}.{hint}", node.lineno)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return an attribute or an item; the quick ways of the sandbox for what is common."""
        kind = type(obj)
        if kind is dict:
            if attribute in obj and attribute not in _DICT_METHODS:
                return obj[attribute]
        elif kind is State:
            extra = house.STATE_EXTRAS.get(attribute)
            if extra is not None:
                return extra(obj)
        return super().getattr(obj, attribute)


def _apply(value: Any, function: Any, *args: Any, **kwargs: Any) -> Any:
    return function(value, *args, **kwargs)


@pass_context
def _as_function(context: Context, macro: Any) -> Any:
    """Make a function of a macro whose ``returns`` argument takes the result."""

    def call(*args: Any, **kwargs: Any) -> Any:
        result: list[Any] = [None]

        def returns(value: Any) -> str:
            result[0] = value
            return ""

        macro(*args, **{**kwargs, "returns": returns})
        return result[0]

    return call
