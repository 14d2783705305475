"""What one has to know to read a backtest's result."""

from __future__ import annotations

from collections.abc import Iterator

from casita.backtests import Against, BacktestRequest, Effects
from casita_automations.backtest._house import PaperHouse
from casita_automations.backtest._rows import Record


def notes_of(request: BacktestRequest, record: Record, house: PaperHouse) -> list[str]:
    """Return the notes to a result."""
    return [
        *_on_commands(request, record), *_on_effects(request, record, house),
        *(f"{one}" for one in house.hints),
        *(f"left out: {one}" for one in house.faults),
    ]  # fmt: skip


def _on_commands(request: BacktestRequest, record: Record) -> Iterator[str]:
    if request.against is Against.RECORD and not record.traits.commands:
        yield (
            "The record does not tell what was sent, so every command counts as added; "
            "--against current compares with the present automations."
        )
    elif record.traits.calls_as_made:
        yield "The record tells calls as they were made: service and entity are compared, not data."


def _on_effects(request: BacktestRequest, record: Record, house: PaperHouse) -> Iterator[str]:
    if request.effects is Effects.ECHO:
        yield (
            f"Effects are simulated (--echo): commands changed {house.effects} states at once, and "
            f"{record.effects} recorded changes were left out, which the automations had made then."
            + ("" if record.traits.effects else " This record does not tell which those were.")
        )
        return
    yield (
        f"States are those of the record (--recorded), whatever would have been sent; "
        f"{record.effects} of its changes are effects of what these automations sent then."
    )
    commanded = {sent.subject for sent in house.sent}
    read = sorted(one for one in commanded if house.reacts_to(one))
    if read:
        shown = ", ".join(read[:5]) + (" and others" if len(read) > 5 else "")
        yield (
            f"The automations react to {shown}, which they also command: with --echo they would "
            f"see what they have done."
        )
