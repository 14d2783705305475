"""Runs the command line beside the hub, for work that would hold everything else up."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

from casita.errors import CommandFailed

_POLITE: Final = "import os, sys; os.nice(10); from casita.cli import main; main(sys.argv[1:])"


async def casita_beside(*arguments: str, text: str | None = None, within_s: float) -> bytes:
    """Run ``casita`` with arguments, and ``text`` as its input; return its answer.

    It runs in a process of its own, of low priority. Raises `CommandFailed` with what it says if
    it has no answer, or takes longer than ``within_s``.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _POLITE, *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(within_s):
            answer, errors = await process.communicate((text or "").encode())
    except TimeoutError:
        message = f"it took longer than {within_s:g} s; ask for less, or use the command line"
        raise CommandFailed(message) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if answer.strip():
        return answer
    told = errors.decode(errors="replace").strip().removeprefix("Error: ")
    raise CommandFailed(told or f"it ended without an answer, with exit code {process.returncode}")
