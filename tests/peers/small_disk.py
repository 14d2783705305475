"""A hub whose data folder is a file system of its own, which can really be full."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, Final

from peers.hub import HubProcess, free_port

_MEGABYTE: Final = 1 << 20


class SmallDiskHub(HubProcess):
    """A hub in name spaces that ``holder`` keeps, in which the data folder is on a small disk."""

    def __init__(self, folder: Path, holder: int) -> None:
        super().__init__(folder)
        self._holder = holder

    @property
    def disk(self) -> Path:
        """The data folder, as it is seen from outside."""
        return Path(f"/proc/{self._holder}/root{self.folder}/.casita")

    @property
    def socket(self) -> Path:
        return self.disk / "hub.sock"

    @property
    def command(self) -> list[str]:
        return [*_inside(self._holder), *super().command]

    def fill(self) -> None:
        """Take all the room that is left."""
        with (self.disk / "filler").open("ab", buffering=0) as file:
            for size in (_MEGABYTE, 4096, 1):
                while _written(file, bytes(size)):
                    pass

    def free(self) -> None:
        """Give the room back."""
        (self.disk / "filler").unlink()


@asynccontextmanager
async def small_disk_hub(folder: Path, config: str, megabytes: int) -> AsyncIterator[SmallDiskHub]:
    """Run a hub on a small disk. ``folder`` has a short name: a socket's name has a limit."""
    text = f"http: {{port: {free_port()}}}\nnetwork: {{interfaces: [127.0.0.1]}}\n{config}"
    (folder / "casita.yaml").write_text(text)
    data = folder / ".casita"
    data.mkdir(mode=0o700)
    holder = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
        f"mount -t tmpfs -o size={megabytes}m,mode=700 none '{data}' && echo held && exec cat",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    hub = SmallDiskHub(folder, holder.pid)
    try:
        await hub.start()
        yield hub
    finally:
        await hub.stop()
        holder.kill()
        await holder.wait()


async def why_not() -> str | None:
    """Return why there are no small disks on this machine; None if there are."""
    if sys.platform != "linux" or not shutil.which("unshare") or not shutil.which("nsenter"):
        return "install util-linux: unshare and nsenter give a hub a small disk"
    probe = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt",
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    if await probe.wait() == 0:
        return None
    return "allow name spaces: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"


def _written(file: IO[bytes], content: bytes) -> bool:
    """Write, and say whether there was room."""
    try:
        file.write(content)
    except OSError as err:
        if err.errno != errno.ENOSPC:
            raise
        return False
    return True


def _inside(holder: int) -> list[str]:
    where = ["--target", str(holder), "--user", "--mount", f"--wd={os.getcwd()}"]
    return ["nsenter", *where, "--preserve-credentials"]
