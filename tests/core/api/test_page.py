"""The page: what it may contain, and that it works in a real browser."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

from casita.api import Api
from casita.discovery import Candidate
from casita.host import Host
from casita.kernel import Kernel

from .browser import CHROMIUM, browser
from .conftest import Caller

PAGE = files("casita.api") / "page"
HTML, SCRIPT, STYLE = (
    (PAGE / name).read_text(encoding="utf-8") for name in ("index.html", "app.js", "style.css")
)
HOSTILE = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>'


# What it may contain


def test_nothing_becomes_markup() -> None:
    sinks = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc"

    assert not re.search(sinks, SCRIPT)


def test_nothing_comes_from_elsewhere() -> None:
    elsewhere = re.compile(r"https?:|//[a-z]|url\(|@import")

    assert not [one for one in (HTML, STYLE) if elsewhere.search(one)]
    assert not re.search(r"https?:|import\(", SCRIPT)


def test_nothing_is_inline() -> None:
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", HTML)
    assert 'setAttribute("style"' not in SCRIPT


def test_every_element_that_the_script_asks_for_is_there() -> None:
    asked = set(re.findall(r"\$\(\"([\w-]+)\"\)|badge\(\"([\w-]+)\"", SCRIPT))
    sections = re.findall(r"SECTIONS = \[(.+?)\]", SCRIPT)[0]
    wanted = {one or two for one, two in asked} | set(re.findall(r"\"(\w+)\"", sections))

    assert wanted <= set(re.findall(r"\sid=\"([\w-]+)\"", HTML))


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/", "text/html"), ("/app.js", "text/javascript"), ("/style.css", "text/css"),
     ("/icon.svg", "image/svg+xml"), ("/?from=elsewhere", "text/html")],
)  # fmt: skip
async def test_the_page_is_served_to_anybody(ask: Caller, path: str, kind: str) -> None:
    reply = await ask("GET", path, token=None)

    assert (reply.status, reply.headers["Content-Type"].split(";")[0]) == (200, kind)
    assert reply.body


# In a browser

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason="no browser: apt-get install chromium")


@needs_browser
@pytest.mark.system
async def test_a_person_signs_in_and_lives_with_the_page(
    api: Api, kernel: Kernel, host: Host, tmp_path: Path
) -> None:
    kernel.states.set("light.evil", "on", {"friendly_name": HOSTILE}, source="test")
    kernel.registry.ensure_area(HOSTILE)
    kernel.discovery.found("lamps", Candidate(key="a", title=HOSTILE, asks={"code": HOSTILE}))
    kernel.bus.emit("config.problem", "x", {"file": "x", "message": HOSTILE}, source="casita")

    async with browser(tmp_path / "profile") as page:
        await page.open(api.address)
        await page.until("document.querySelector('#sign-in:not([hidden])') !== null")
        await page.js(
            f"document.querySelector('[name=secret]').value = '{api.setup_code}';"
            "document.querySelector('#sign-in-form button').click()"
        )
        await page.until("document.querySelector('#link').textContent === 'Live'")

        # a switch switches, and the page hears of it by the stream
        await page.js("document.querySelector('[aria-label=\"Hall lamp\"]').click()")
        await page.until(
            "document.querySelector('[aria-label=\"Hall lamp\"]').ariaChecked === 'true'"
        )
        assert kernel.states.require("light.hall").state == "on"

        # what happens elsewhere shows, and is explained
        kernel.states.set("light.hall", "off", {"friendly_name": "Hall lamp"}, source="test")
        await page.until(
            "document.querySelector('#log-list').textContent.includes('Hall lamp turned off')"
        )
        await page.js("location.hash = '#log'; document.querySelector('#log-list button').click()")
        await page.until("document.querySelector('.why') !== null")

        # a device is adopted with what it asks for
        await page.js(
            "location.hash = '#found'; document.querySelector('#found [name=code]').value = '1234';"
            "document.querySelector('#found .primary').click()"
        )
        await page.until("document.querySelector('#found .primary') === null")
        assert [one.id for one in kernel.discovery.adopted()] == ["lamps.a"]
        await host.stop()

        # whatever a device calls itself is text
        shown = await page.js("document.body.textContent")
        assert shown.count("<script>") >= 4
        assert await page.js("window.hacked") is None
        assert await page.js("document.querySelectorAll('main img').length") == 0

        # a revoked token ends the visit at once
        tokens = await page.js(
            "fetch('/api/tokens', {headers: {Authorization: 'Bearer ' +"
            " localStorage.getItem('casita-token')}}).then(a => a.json())"
        )
        await page.js(
            f"fetch('/api/tokens/{tokens[0]['id']}', {{method: 'DELETE', headers:"
            " {Authorization: 'Bearer ' + localStorage.getItem('casita-token')}})"
        )
        await page.until("!document.querySelector('#sign-in').hidden")

    refused = [one for one in page.complaints if "Content Security Policy" in one]
    assert refused == []
    assert not [one for one in page.complaints if "exceptionDetails" in one]


@needs_browser
@pytest.mark.system
async def test_a_page_of_somebody_else_reads_and_moves_nothing(
    ask: Caller, kernel: Kernel, tmp_path: Path
) -> None:
    """The foreign page even holds the token, and still gets nowhere."""
    port = ask.address.rsplit(":", 1)[1]
    tries = f"""
        const results = [];
        const bearer = {{Authorization: 'Bearer {ask.token}'}};
        const json = {{...bearer, 'Content-Type': 'application/json'}};
        const body = JSON.stringify({{service: 'light.turn_on', target: 'light.hall'}});
        const url = 'http://127.0.0.1:{port}';
        const go = async () => {{
          for (const [path, options] of [
            ['/api/states', {{}}],
            ['/api/states', {{headers: bearer}}],
            ['/api/health', {{}}],
            ['/api/health', {{mode: 'no-cors'}}],
            ['/api/command', {{method: 'POST', headers: json, body}}],
            ['/api/command', {{method: 'POST', mode: 'no-cors', body}}],
          ]) {{
            try {{
              const answer = await fetch(url + path, options);
              results.push(answer.type === 'opaque' ? (await answer.text()) : answer.status);
            }} catch (error) {{ results.push(''); }}
          }}
          const frame = document.createElement('iframe');
          frame.src = url + '/';
          document.body.append(frame);
          await new Promise((done) => {{ frame.onload = done; setTimeout(done, 2000); }});
          results.push(frame.contentDocument ? 'framed' : '');
          return results;
        }};
        go()
    """

    async with browser(tmp_path / "profile") as page:
        await page.open(f"http://localhost:{port}/")
        await page.until("document.body !== null")
        await page.do("Page.setBypassCSP", enabled=True)
        await page.do("Page.reload")
        await page.until("document.readyState === 'complete'")
        results = await page.js(tries)
        own = await page.js("fetch('/api/health').then((answer) => answer.status)")

    assert results == [""] * 7
    assert own == 200
    assert kernel.states.require("light.hall").state == "off"
