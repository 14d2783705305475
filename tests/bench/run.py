"""Runs every benchmark, each in a process of its own, and says which limit is passed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run ``bench_*.py``; return how many are over a limit."""
    over = []
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        print(f"== {path.stem.removeprefix('bench_')}", flush=True)
        if subprocess.run([sys.executable, str(path)], check=False, env=env).returncode != 0:
            over.append(path.stem)
    print(f"over a limit: {', '.join(over) or 'none'}")
    return len(over)


if __name__ == "__main__":
    sys.exit(main())
