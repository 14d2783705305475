"""What waits in a real hub ends once and on time, although the hub is killed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path

from peers.hub import running_hub
from proofs import FULL, share

ON_TIME = timedelta(seconds=1 if FULL else 5)
"""A machine that does much else at the same time may be later."""
PATIENCE_S = 60

CONFIG = """
script:
  later:
    mode: parallel
    max: 1000
    sequence:
      - delay: {seconds: "{{ s }}"}
      - event: ended
        event_data: {n: "{{ n }}"}
  patient:
    mode: parallel
    max: 1000
    sequence:
      - wait_for_trigger: [{trigger: event, event_type: never}]
        timeout: {seconds: "{{ s }}"}
      - event: ended
        event_data: {n: "{{ n }}"}
"""


async def test_runs_that_wait_survive_kills(tmp_path: Path) -> None:
    kills, begun, ups = share(30), dict[int, datetime](), list[tuple[datetime, datetime]]()
    async with running_hub(tmp_path, CONFIG) as hub:
        for round_ in range(kills):
            for number in range(round_ * 20, round_ * 20 + 20):
                seconds = 0.05 + number % 20 * 0.25
                script = "later" if number % 2 else "patient"
                answer = await hub.post(
                    f"/api/services/script/{script}", {"data": {"n": number, "s": seconds}}
                )
                assert answer["stored"]
                sent = await hub.log(types="command.sent", subjects=f"script.{script}")
                begun[number] = datetime.fromisoformat(sent[-1]["time"]) + timedelta(
                    seconds=seconds
                )
            await asyncio.sleep(0.4)
            killed = datetime.now().astimezone()
            await hub.kill()
            await hub.start()
            ups.append((killed, datetime.now().astimezone()))
        async with asyncio.timeout(PATIENCE_S):
            while len(await hub.log(types="ended")) < len(begun):
                await asyncio.sleep(0.5)
        await asyncio.sleep(1)  # and no more
        told = await hub.log(types="ended")

    ended = {
        number: [one["time"] for one in told if one["data"]["n"] == number] for number in begun
    }
    assert {len(times) for times in ended.values()} == {1}
    for number, due in begun.items():
        late = datetime.fromisoformat(ended[number][0]) - due
        up = max(
            (up for down, up in ups if down <= due + timedelta(seconds=0.1) <= up), default=due
        )
        assert timedelta(seconds=-0.05) <= late <= max(up - due, timedelta()) + ON_TIME
