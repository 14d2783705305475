"""Asks the running hub, through the socket in its data folder."""

from __future__ import annotations

import http.client
import socket
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from casita.cli._options import Exit, Failure, data_folder

_SOCKET: Final = "hub.sock"
_ANSWER_WITHIN_S: Final = 100.0
"""Longer than the hub gives any request, so that its own answer comes first."""


class Client:
    """The hub of one configuration folder. Raises `Failure` if it does not answer, or refuses."""

    def __init__(self, folder: Path, *, data: Path | None = None) -> None:
        """``data`` is where it keeps its data, if that is not where the configuration says."""
        self._folder = folder
        self._path = (data or data_folder(folder)) / _SOCKET

    def get(self, path: str) -> Any:
        """Return what the hub answers to a GET."""
        return self.ask("GET", path)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Return what the hub answers, from JSON."""
        connection = _Connection(self._path)
        content = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, path, body=content, headers=headers)
            answer = connection.getresponse()
            text = answer.read()
        except (FileNotFoundError, ConnectionRefusedError):
            raise self._not_running() from None
        except PermissionError:
            message = f"{self._path}: it belongs to another user; run this as the hub's user"
            raise Failure(message, Exit.REFUSED) from None
        except TimeoutError:
            raise Failure(f"the hub did not answer within {_ANSWER_WITHIN_S:g} s") from None
        except (OSError, http.client.HTTPException) as err:
            raise Failure(f"the connection to the hub broke: {err}") from err
        finally:
            connection.close()
        return _answer(answer.status, text)

    def _not_running(self) -> Failure:
        return Failure(
            f"no hub is running on {self._folder.resolve()}; start it with "
            f"`casita run {self._folder}`",
            Exit.NO_HUB,
        )


def segment(text: str) -> str:
    """Return a text as one segment of a path."""
    return quote(text, safe="")


class _Connection(http.client.HTTPConnection):
    """HTTP over a socket in the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_ANSWER_WITHIN_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _answer(status: int, text: bytes) -> Any:
    try:
        answer = msgspec.json.decode(text)
    except msgspec.DecodeError as err:
        raise Failure(f"the hub answered something that is no JSON: {err}") from err
    if status < 400:
        return answer
    message = str(answer.get("error", {}).get("message", answer))
    raise Failure(message, Exit.FAILED if status >= 500 else Exit.REFUSED)
