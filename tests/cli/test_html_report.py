"""The page for people: what it holds, and how it behaves in a browser."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from kqlx.batch.reports.matching_parts import Part, PartNames, marked
from kqlx.nodes import Span
from tests.cli.test_reports import rules
from tests.command_line import kqlx
from tests.conftest import ROOT, missing

__all__ = ["rules"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def page_of(folder: Path, *paths: str, to: str = "spl,sentinel,sigma,elasticsearch") -> str:
    kqlx("convert", "--to", to, "--out", "out", "--report", "r.html", *paths, cwd=folder)
    return (folder / "r.html").read_text("utf-8")


def in_browser(page: str, folder: Path, script: str) -> Any:
    """What the script makes of the page in a browser: the value of its function ``test``."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        missing("no Chromium")
    assert browser is not None
    answer = (
        "const answer = document.createElement('pre'); answer.id = 'answer';"
        "try { answer.textContent = JSON.stringify(test()); }"
        "catch (error) { answer.textContent = JSON.stringify(String(error)); }"
        "document.body.append(answer);"
    )
    path = folder / "tried.html"
    path.write_text(page.replace("</body>", f"<script>{script};{answer}</script></body>"), "utf-8")
    run = subprocess.run(
        [
            *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=3000"),
            *(f"--user-data-dir={folder / 'profile'}", "--dump-dom", path.as_uri()),
        ],
        capture_output=True,
        timeout=120,
    )
    found = re.search(r'<pre id="answer">(.*?)</pre>', run.stdout.decode(), re.DOTALL)
    assert found, run.stderr.decode()[-2000:]
    return json.loads(html.unescape(found[1]))


SHADOW = """
function body(word) {
  return [...document.querySelectorAll("#rules > tbody")].find(
    (one) => one.dataset.search.includes(word));
}
function open(word) { const one = body(word); one.querySelector("button").click(); return one; }
function over(element) { element.dispatchEvent(new MouseEvent("mouseover", {bubbles: true})); }
function markedIn(one) {
  return [...one.querySelectorAll("pre")].map(
    (area) => [...area.querySelectorAll(".marked")].map((part) => part.textContent).join(""));
}
"""


def test_search_and_filters_leave_the_rules_that_fit(rules: Path) -> None:
    found = in_browser(
        page_of(rules, "rules of old"),
        rules,
        """
        function shown(text, target = "", grade = "") {
          document.getElementById("search").value = text;
          document.getElementById("target").value = target;
          document.getElementById("grade").value = grade;
          document.getElementById("search").dispatchEvent(new Event("input"));
          const bodies = [...document.querySelectorAll("#rules > tbody:not([hidden])")];
          return [document.getElementById("count").textContent, bodies.map(
            (one) => one.querySelector("button").textContent)];
        }
        function test() {
          return [shown(""), shown("VSSADMIN delete"), shown("no.such.field:x"),
            shown("", "spl", "refused"), shown("nothing of this")];
        }
        """,
    )
    everything, vssadmin, lost, refused, nothing = found
    total = len(everything[1])
    assert everything[0] == f"{total} of {total}"
    assert total == len([*(rules / "rules of old").glob("*.toml")]) - 1, "all but the skipped one"
    assert vssadmin == [f"1 of {total}", ["Shadow Copies Deleted"]]
    assert lost[1] == ["Lost"] * 2, "by the query; the broken rule has its name too"
    assert "Lost" in refused[1] and "Shadow Copies Deleted" not in refused[1]
    assert nothing == [f"0 of {total}", []]


def test_hover_marks_the_same_part_in_every_translation(rules: Path) -> None:
    found = in_browser(
        page_of(rules, "rules of old/windows_shadow_copy_deletion.toml", "rules of old/lost.toml"),
        rules,
        SHADOW
        + """
        function test() {
          const one = open("shadow");
          const parts = [...one.querySelectorAll(".source pre [data-parts]")];
          over(parts.find((part) => part.textContent.includes("vssadmin.exe")));
          const byQuery = markedIn(one);
          over([...one.querySelectorAll('[data-target="spl"] pre [data-parts]')].find(
            (part) => part.textContent.includes("wmic.exe")));
          const byTranslation = markedIn(one);
          over(one.querySelector("li[data-parts]"));
          const byNote = markedIn(one);
          over(one.querySelector("h3"));
          return [byQuery, byTranslation, byNote, markedIn(one)];
        }
        """,
    )
    by_query, by_translation, by_note, nothing = found
    assert by_query[0] == "process.name:vssadmin.exe"
    assert by_query[1].startswith("Image IN") and "vssadmin.exe" in by_query[1]
    assert by_query[2] == 'FileName =~ "vssadmin.exe"'
    assert "\\vssadmin.exe" in by_query[3] and "wmic" not in by_query[3]
    assert by_translation[0] == "process.name:wmic.exe"
    assert by_translation[1].startswith("Image IN") and "wmic.exe" in by_translation[1]
    assert by_translation[2] == 'FileName =~ "wmic.exe"'
    assert by_note[0] == "process.name:vssadmin.exe", "the place of the note"
    assert by_note[1] == by_query[1]
    assert not any(nothing)


def test_columns_sort_and_rows_close(rules: Path) -> None:
    found = in_browser(
        page_of(rules, "rules of old", to="spl"),
        rules,
        SHADOW
        + """
        function names() {
          return [...document.querySelectorAll("tr.rule button")].map((one) => one.textContent); }
        function test() {
          const one = open("shadow"), opened = !one.rows[1].hidden;
          open("shadow");
          document.querySelector('[data-sort="0"]').click();
          const up = names();
          document.querySelector('[data-sort="0"]').click();
          return [opened, one.rows[1].hidden, up, names()];
        }
        """,
    )
    assert found[:2] == [True, True]
    assert found[2] == found[3][::-1] != sorted(found[3])


def test_names_and_queries_are_text_and_the_page_needs_nothing_else(rules: Path) -> None:
    page = page_of(rules, "rules of old")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert not re.findall(r"(?:src|@import|url\()\s*=?", page)
    assert set(re.findall(r'href="([^"]*)"', page)) == {
        "https://github.com/kqlx/kqlx/blob/main/docs/notes.md"
    }
    found = in_browser(
        page,
        rules,
        SHADOW
        + """
        function test() {
          const one = open("hostile");
          return [one.querySelector("button").textContent, one.querySelectorAll("script").length,
            one.querySelector(".source pre").textContent];
        }
        """,
    )
    assert found[0] == "@all <script>alert(1)</script> | `x` #1 ]]>"
    assert found[1] == 0
    assert found[2].startswith('user.name:a* and\n  user.name:"b c"')


def test_totals_count_by_target_source_and_type(rules: Path) -> None:
    page = page_of(rules, "rules of old", to="spl")
    for title in ("By target", "By data source", "By type of rule"):
        section = page.partition(f"<h2>{title}</h2>")[2].partition("</section>")[0]
        counts = re.findall(r'class="grade is-\w+">(\d+) \w+<', section)
        assert sum(map(int, counts)) == len([*(rules / "rules of old").glob("*.toml")]) - 1
    assert "out/windows_shadow_copy_deletion.spl" in page


def test_the_page_is_the_same_bytes_whatever_the_processes(rules: Path) -> None:
    page_of(rules, "rules of old")
    assert page_of(rules, "rules of old") == page_of(rules, "--jobs", "2", "rules of old")


def test_pieces_of_a_text_have_the_names_of_the_parts_around_them() -> None:
    names = PartNames()
    groups: list[list[Span]] = [[(0, 7)], [(0, 3)], [(4, 7), (8, 9)], [(0, 7)]]
    assert [names.of(spans) for spans in groups] == ["0", "1", "2", "0"]
    assert marked("a<b c d e", names.parts_of_query()) == (
        '<span data-parts="0 1">a&lt;b</span><span data-parts="0"> </span>'
        '<span data-parts="0 2">c d</span> <span data-parts="2">e</span>'
    )
    assert marked("ab", [Part((1, 9), "x", 1)]) == "ab", "a place that is not in the text"
    assert marked("", []) == ""


def test_a_list_of_many_values_is_marked_in_linear_time() -> None:
    text = " or ".join(f"{number:07}" for number in range(30_000))
    names = PartNames()
    values: list[Span] = [(11 * n, 11 * n + 7) for n in range(30_000)]
    for spans in (values, [(0, len(text))], *([value] for value in values)):
        names.of(spans)
    page = marked(text, names.parts_of_query())
    assert page.count("data-parts") == 59_999
    assert len(page) < 10 * len(text), "a name is short, however many values share it"


def test_the_page_of_a_wheel_has_its_parts() -> None:
    assert {path.name for path in (ROOT / "templates/report").iterdir()} == {
        "report.html.j2",
        "report.js",
        "rule.html.j2",
    }
