"""Backtests: what an automation would have done, had it been there when the record was made."""

from casita_automations.backtest._choosing import commanded_in
from casita_automations.backtest._effects import effect_of

__all__ = ["commanded_in", "effect_of"]
