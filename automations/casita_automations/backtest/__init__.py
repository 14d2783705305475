"""Backtests: what an automation would have done, had it been there when the record was made."""
