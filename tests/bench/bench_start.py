"""How long a minimal hub takes to answer HTTP, and how much memory it then holds."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 0.7
LIMIT_MB = 80
# people's interpreters keep the compiled form of what they import; so do these
_ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def start_once(folder: Path) -> tuple[float, float]:
    """Start a hub with an empty configuration; return seconds to its first answer, and MB."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "casita.yaml").write_text(f"http:\n  port: {port}\n")
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "casita", "run", "--quiet", str(folder)],
        stdout=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    ) as hub:
        try:
            _until_it_answers(port, hub)
            took_s = time.perf_counter() - began
            time.sleep(1)
            return took_s, _resident_mb(hub.pid)
        finally:
            hub.terminate()


def _until_it_answers(port: int, hub: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):
        if hub.poll() is not None:
            raise RuntimeError(f"the hub ended with {hub.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
            connection.request("GET", "/api/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.005)
    raise TimeoutError


def _resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise LookupError("VmRSS")


def main() -> int:
    """Print the median of five starts; return 1 if a limit is passed."""
    with tempfile.TemporaryDirectory() as folder:
        runs = [start_once(Path(folder)) for _ in range(6)][1:]
    took_s = sorted(run[0] for run in runs)[2]
    resident_mb = sorted(run[1] for run in runs)[2]
    print(f"start to first answer: {took_s:.2f} s (limit {LIMIT_S}), ratio {took_s / LIMIT_S:.2f}")
    print(f"resident: {resident_mb:.0f} MB (limit {LIMIT_MB}), ratio {resident_mb / LIMIT_MB:.2f}")
    return int(took_s > LIMIT_S or resident_mb > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
