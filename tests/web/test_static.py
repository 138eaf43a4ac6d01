"""Static files: prebuilt bytes under addresses that are true for ever, and stylesheets that stand in the pages."""

import base64
import hashlib
import re
from html import unescape
from http.client import HTTPConnection
from urllib.parse import unquote, urlsplit

import httpx2
import pytest

from qa.web import files, slim
from tests.serving import Served
from tests.world import World

KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
INSIDE = ("/", "/@audrey", "/@audrey/live", "/@audrey/coming", "/@audrey/live/ask", "/how", "/q", "/j", "/nothing")


@pytest.mark.parametrize("name", sorted(path.name for path in files.folder("static").iterdir()))
def test_a_file_is_the_same_plain_and_packed_and_may_be_kept_for_a_year(name: str, anybody: httpx2.Client) -> None:
    plain = anybody.get(files.static(name), headers={"Accept-Encoding": "identity"})
    packed = anybody.get(files.static(name), headers={"Accept-Encoding": "br, gzip"})
    assert plain.text == packed.text == files.every()[name].text
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.headers["etag"] != packed.headers["etag"]
    for got in (plain, packed):
        assert got.headers["content-type"] == KINDS[name.rpartition(".")[2]]
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["vary"] == "Accept-Encoding"


def test_what_a_browser_has_is_not_sent_again(anybody: httpx2.Client) -> None:
    tag = anybody.get(files.static("site.css")).headers["etag"]
    again = anybody.get(files.static("site.css"), headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert anybody.get(files.static("site.css"), headers={"If-None-Match": '"another"'}).status_code == 200


def test_an_address_of_another_day_gives_todays_file_and_nobody_keeps_it(anybody: httpx2.Client) -> None:
    got = anybody.get("/static/0123456789/site.css")
    assert "max-age=0" in got.headers["cache-control"]
    assert "immutable" not in got.headers["cache-control"]
    assert got.text == files.every()["site.css"].text


@pytest.mark.parametrize(
    "path",
    ["nothing.css", "", "../pyproject.toml", "..%2fpyproject.toml", "%2e%2e/qa/app.py", "x/site.css", "site.css%00"],
)
def test_nothing_but_the_files_is_reached(path: str, served: Served) -> None:
    # A client of the tests would tidy the path up first.
    raw = HTTPConnection(urlsplit(served.url).netloc, timeout=10)
    for fingerprint in (files.fingerprint(), ".."):
        raw.request("GET", f"/static/{fingerprint}/{path}")
        answered = raw.getresponse()
        answered.read()
        assert answered.status == 404
    raw.close()


def test_only_reading_is_answered(anybody: httpx2.Client) -> None:
    assert anybody.head(files.static("site.css")).status_code == 200
    assert anybody.post(files.static("site.css")).status_code == 405


def test_the_fingerprint_names_the_bytes() -> None:
    digest = hashlib.sha256()
    for name, file in files.every().items():
        digest.update(f"{name}{file.text}".encode())
    assert digest.hexdigest().startswith(files.fingerprint())


def test_a_pages_stylesheet_stands_in_it_and_is_the_only_one_that_its_policy_allows_there(
    anybody: httpx2.Client, world: World
) -> None:
    world.event()
    world.event("coming", steps=())
    for path in INSIDE:
        got = anybody.get(path, headers={"Accept": "text/html"})
        (sheet,) = re.findall(r"<style>(.*?)</style>", got.text, re.DOTALL)
        assert 'rel="stylesheet"' not in got.text, path
        assert unescape(sheet) == sheet
        hashed = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
        allowed = re.findall(r"'sha256-([^']+)'", got.headers["content-security-policy"])
        assert allowed == [hashed], path
        assert "unsafe" not in got.headers["content-security-policy"]


def test_the_pages_sign_stands_in_it(anybody: httpx2.Client) -> None:
    (sign,) = re.findall(
        r'<link rel="icon" type="image/svg\+xml" href="data:image/svg\+xml,([^"]+)">', anybody.get("/").text
    )
    assert unquote(unescape(sign)) == files.every()["icon.svg"].text


def test_a_script_keeps_its_statements_and_loses_its_remarks() -> None:
    script = """/** What it does.
 * More. */
import { a } from "./a.js"; // why

  const url = "http://x"; // a string has slashes
    const text = `// none`;
  // A line alone
  const half = total / 2; const other = /\\/\\/ /.test(text);
"""
    assert slim.js(script).splitlines() == [
        'import { a } from "./a.js";',
        'const url = "http://x";',
        "const text = `// none`;",
        "const half = total / 2; const other = /\\/\\/ /.test(text);",
    ]


def test_a_stylesheet_keeps_its_rules_and_loses_its_space() -> None:
    sheet = """/* Why */
a :focus-visible, a:hover { color: red; inline-size: calc(1px + 2px); }
.x::before { content: " /* · */ ; "; }
@media (min-width: 600px) and (scripting: enabled) { .y > b { margin: -1px auto; } }
"""
    assert slim.css(sheet) == (
        "a :focus-visible,a:hover{color:red;inline-size:calc(1px + 2px)}"
        '.x::before{content:" /* · */ ; "}'
        "@media (min-width:600px) and (scripting:enabled){.y>b{margin:-1px auto}}"
    )


def test_a_module_and_what_it_imports_become_one_each_once_and_after_what_it_needs() -> None:
    modules = {
        "page.js": 'import { say } from "./words.js";\nimport { list } from "./cards.js";\nsay(list);\n',
        "cards.js": 'import { say } from "./words.js";\nexport const list = say();\n',
        "words.js": "export function say() {}\n",
    }
    assert slim.joined("page.js", modules) == "function say() {}\nconst list = say();\nsay(list);\n"


def test_the_modules_of_the_events_page_share_no_outermost_name() -> None:
    folder = files.folder("static")
    seen, names = ["event.js"], list[str]()
    for module in seen:
        source = (folder / module).read_text("utf-8")
        imports = re.findall(r"^import .*$", source, re.MULTILINE)
        assert not [line for line in imports if " as " in line], module
        seen += {found for line in imports for found in re.findall(r'"\./([\w.]+)"', line)} - set(seen)
        names += re.findall(r"^(?:export )?(?:async )?(?:const|let|function|class) (\w+)", source, re.MULTILINE)
    assert len(seen) > 5
    assert len(names) > 50
    assert sorted(set(names)) == sorted(names)
    assert not re.search(r"^(im|ex)port\b", files.every()["event.js"].text, re.MULTILINE)


def test_scripts_are_written_so_that_their_lines_can_be_taken_one_by_one() -> None:
    for path in files.folder("static").glob("*.js"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            assert line.count("`") % 2 == 0, f"{path.name}:{number}: a string over several lines"
            assert not re.search(r"\*/.*\S", line), f"{path.name}:{number}: code behind a remark"
            assert "/*" not in line or line.strip().startswith("/*"), f"{path.name}:{number}: a remark behind code"
