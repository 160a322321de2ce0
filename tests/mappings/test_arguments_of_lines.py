"""Arguments of command lines below a ``not``: the form that finds arguments alone, on lines that
Windows parts.
"""

from __future__ import annotations

import re
import subprocess
import time

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sigma.backends.elasticsearch import LuceneBackend
from sigma.collection import SigmaCollection

import kqlx
from kqlx.mappings.argument_regexps import as_regexp, at_beginning
from kqlx.mappings.argument_regexps import word as word_of_line
from kqlx.mappings.command_line_arguments import in_patterns, with_patterns
from kqlx.mappings.destinations import bind
from kqlx.mappings.joined_regexps import joined_regexps
from kqlx.mappings.reader.builtin import builtin
from kqlx.mappings.xml_signs import can_be_in_xml
from kqlx.nodes import And, CommandLineArgument, Equals, Like, Literal, Node, Not, Or, Regexp, walk
from kqlx.notes import Effect
from kqlx.patterns import ANY_ONE, ANY_RUN, Pattern
from kqlx.regular_expressions import compiled, searching
from tests.conftest import examples
from tests.oracles.spl.events import stored_event
from tests.oracles.splunk import SPLUNK
from tests.oracles.sysmon_for_linux import escaped

LINE = Literal("L")


def windows_arguments(line: str) -> list[str]:
    """What Windows makes of a line
    (https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments): blanks outside of
    quotation marks part the arguments; an odd number of backslashes escapes such a mark.
    """
    found: list[str] = []
    text, quoted, begun = "", False, False
    for slashes, sign in re.findall(r"(\\*)([^\\]?)", line, re.DOTALL):
        if sign == '"':
            text += slashes[: len(slashes) // 2]
            begun = True
            if len(slashes) % 2:
                text += '"'
            else:
                quoted = not quoted
            continue
        text, begun = text + slashes, begun or bool(slashes)
        if sign in ("", " ", "\t") and not quoted:
            if begun:
                found.append(text)
            text, begun = "", False
        else:
            text, begun = text + sign, True
    return [*found, text] if begun else found


def pattern_of(word: str) -> Pattern:
    """Of a text with wildcards, as EQL has them."""
    marks = {"*": ANY_RUN, "?": ANY_ONE}
    return Pattern.of(*[marks.get(sign, sign) for sign in word])


def argument(word: str) -> CommandLineArgument:
    pattern = pattern_of(word)
    test = Equals(LINE, Literal(word)) if pattern.is_text else Like(LINE, pattern)
    return CommandLineArgument(test)


def found_by(word: str, line: str, *, in_xml: bool = False) -> bool:
    node = as_regexp(argument(word), in_xml=in_xml)
    assert node is not None
    return compiled(node.regexp).fullmatch(line) is not None


PIECES = st.sampled_from(["a", "b", "-x", "/c", "a=b", "C:\\d", "&", "<", "é"])
BARE = st.lists(PIECES, min_size=1, max_size=3).map("".join)
WORDS = st.one_of(BARE, st.lists(BARE, min_size=2, max_size=3).map(" ".join))
BLANKS = st.sampled_from([" ", "  ", "\t"])


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line as programs write it: arguments as they are, in quotation marks, or in part."""
    parts = []
    for word in draw(st.lists(WORDS, min_size=1, max_size=4)):
        styles = ["all", "value"] if " " in word else ["none", "none", "all", "value"]
        style = draw(st.sampled_from(styles))
        parts.append({"none": word, "all": f'"{word}"', "value": f'--v="{word}"'}[style])
    return "".join(part + draw(BLANKS) for part in parts).rstrip() + draw(
        st.sampled_from(["", " "])
    )


@given(line=lines(), data=st.data())
@examples(400)
def test_arguments_are_those_of_windows(line: str, data: st.DataObject) -> None:
    given = windows_arguments(line)
    word = data.draw(st.one_of(st.sampled_from(given), WORDS))
    assume(word)
    held = word in given
    assert found_by(word, line) or not held or '--v="' in line
    assert held or not found_by(word, line)
    escaped = line.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    assert found_by(word, escaped, in_xml=True) is found_by(word, line, in_xml=True)
    if "&" not in line:
        assert found_by(word, line, in_xml=True) is found_by(word, line)


@given(line=lines(), data=st.data())
@examples(400)
def test_patterns_of_arguments_are_those_of_windows(line: str, data: st.DataObject) -> None:
    given = windows_arguments(line)
    word = data.draw(st.one_of(st.sampled_from(given), BARE))
    cut = data.draw(st.integers(0, len(word)))
    text = data.draw(
        st.sampled_from([f"{word[:cut]}*", f"*{word[cut:]}", f"{word[:cut]}*{word[cut:]}"])
    )
    assume(text.strip("*"))
    if data.draw(st.booleans()):  # one character of it may be any
        at = data.draw(st.integers(0, len(text) - 1))
        text = text if text[at] == "*" else f"{text[:at]}?{text[at + 1 :]}"
    assume(text.strip("*?"))
    fits = pattern_of(text).matcher()
    held = any(map(fits, given))
    assert held or not found_by(text, line)
    # A sign that stands for any is no backslash at the end, nor before a star.
    lost = "\\" in line and re.search(r"\?(\*|$)", text)
    assert found_by(text, line) or not held or '--v="' in line or lost


@given(
    words=st.lists(
        st.one_of(
            WORDS,
            WORDS.map('say "{}" now'.format),
            WORDS.map('{}"'.format),
            WORDS.map("{}\\".format),
            st.text('a "\\', min_size=1, max_size=6),
        ),
        min_size=1,
        max_size=5,
    ),
    word=st.one_of(WORDS, WORDS.map("{}\\".format)),
)
@examples(400)
def test_escaped_marks_do_no_harm(words: list[str], word: str) -> None:
    line = subprocess.list2cmdline(words)
    assert windows_arguments(line) == words
    assert found_by(word, line) is (word in words)


ODD_PIECES = st.sampled_from(
    ["a", "b", " ", "\\", '"', '\\"', '"a', 'a"', ' "', '" ', "&", "q", "&q"]
)


@given(
    word=st.lists(st.sampled_from("ab\\\\ *&q"), min_size=1, max_size=4).map("".join),
    pieces=st.lists(ODD_PIECES, max_size=5),
    at=st.integers(0, 5),
    with_mark=st.booleans(),
)
@example(word="C:\\*", pieces=['"'], at=1, with_mark=True)
@example(word="&*", pieces=['"', '"'], at=1, with_mark=False)
@example(word="&a*", pieces=["&", "q"], at=2, with_mark=False)
@examples(400)
def test_no_line_has_more_than_its_arguments(
    word: str, pieces: list[str], at: int, with_mark: bool
) -> None:
    assume(word.strip("*") and word.count("*") < 2)
    inside = word.replace("*", '"' if with_mark else "")
    line = "".join([*pieces[:at], inside, *pieces[at:]])
    held = any(map(Pattern.from_stars(word).matcher(), windows_arguments(line)))
    escaped = line.replace("&", "&amp;").replace('"', "&quot;")
    assert held or not found_by(word, line)
    assert held or not found_by(word, escaped, in_xml=True)


@pytest.mark.parametrize(
    ("word", "line", "held"),
    [
        ("C:\\*", 'p "C:\\" -y', False),
        ("C:\\*", 'p C:\\"a b"', False),
        ("C:\\*", "p C:\\", True),
        ("C:\\*", 'p "C:\\\\"', True),
        ("C:\\*", 'p "C:\\a b"', True),
        ("C:\\*d", "p C:\\d", True),
        ("C:\\*d", 'p "C:\\d"', True),
        ("\\\\*", "p \\\\srv\\a", True),
        ("\\\\*", 'p "\\\\srv\\a b"', True),
        ("\\\\*", 'p \\\\"a b"', False),
    ],
)
def test_backslashes_before_a_star(word: str, line: str, held: bool) -> None:
    assert any(map(Pattern.from_stars(word).matcher(), windows_arguments(line))) is held
    assert found_by(word, line) is held
    assert found_by(word, line.replace('"', "&quot;"), in_xml=True) is held


@pytest.mark.parametrize(
    ("word", "line", "patterns", "exact"),
    [
        ("-x", "p -x", True, True),
        ("-x", '"C:\\a b\\p.exe" -x', True, True),
        ("-x", 'p "say -x now"', True, False),
        ("-x", 'p "-x"', True, True),
        ("a b", 'p "a b"', True, True),
        ("a b", "p a b", True, False),
        ("-x", 'p "open -x', True, False),
        ("--y=*", 'p --y="a b"', True, True),
        ("--y=*", 'p "z --y=1"', True, False),
        ("*.bat", 'p "C:\\a b.bat"', True, True),
        ("*.bat", 'p "C:\\a.bat b"', True, False),
    ],
)
def test_what_is_an_argument_and_what_a_part_of_one(
    word: str, line: str, patterns: bool, exact: bool
) -> None:
    assert kqlx.matches(in_patterns(argument(word)), {"L": line}) is patterns
    assert found_by(word, line) is exact
    assert (word in windows_arguments(line)) is exact or "*" in word


@pytest.mark.parametrize("word", ['*"b', 'a?"b', '*\\"b'])
def test_a_quotation_mark_behind_a_wildcard_has_patterns_alone(word: str) -> None:
    """The wildcard may stand for a backslash, of which the mark is none that was escaped."""
    assert as_regexp(argument(word)) is None


@given(
    words=st.lists(
        st.lists(st.sampled_from(["a", "b", " ", '"', "\\", "-x"]), min_size=1, max_size=5).map(
            "".join
        ),
        min_size=1,
        max_size=4,
    ),
    data=st.data(),
)
@example(words=['a\\"b'], data=None)
@examples(400)
def test_quotation_marks_in_arguments_are_escaped_in_lines(
    words: list[str], data: st.DataObject | None
) -> None:
    line = subprocess.list2cmdline(words)
    assert windows_arguments(line) == words
    word = data.draw(st.sampled_from(words)) if data else words[0]
    text = word + data.draw(st.sampled_from(["", "*"])) if data else word
    assume("\\*" not in text)  # a star behind a backslash is not one of a pattern
    assert found_by(text, line)
    shown = line.replace('"', "&quot;")
    assert found_by(text, shown, in_xml=True)
    other = data.draw(st.sampled_from(["a", "b", 'a"', '"a', 'a" b'])) if data else "a"
    assert not found_by(other, line) or other in words


@pytest.mark.parametrize(
    ("line", "excluded"),
    [
        (r"wmic /node:\"a\" x", True),
        (r'wmic "/node:\"a\" x"', True),
        ('wmic /node:"a" x', False),
        (r'wmic /node:\\"a\\" x', False),
    ],
)
def test_what_contains_a_quotation_mark_is_a_pattern_of_the_line(line: str, excluded: bool) -> None:
    query = 'process where host.os.type == "windows" and not process.args : "*/node:\\"a\\"*"'
    bound = bind(kqlx.parse(query, language="eql"), builtin("endpoint.events"), "sigma").node
    found = next(item for item in walk(bound) if isinstance(item, Not))
    assert kqlx.matches(found, {"CommandLine": line}) is not excluded


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    ("system", "escaped"), [("windows", True), ("linux", False), ("macos", False)]
)
def test_outside_of_a_not_quotation_marks_are_looked_for_with_escapes_too(
    target: str, system: str, escaped: bool
) -> None:
    query = f'process where host.os.type == "{system}" and process.name == "p" and '
    node = kqlx.parse(query + 'process.args == "say \\"a b\\""', language="eql")
    bound = with_patterns(bind(node, builtin("endpoint.events"), target))
    column = next(name for name in bound.columns if "ommand" in name or name == "process")
    test = next(item for item in walk(bound.node) if isinstance(item, Or) and "say" in str(item))
    lines = ('say "a b"', 'p say "a b" x', r'p "say \"a b\"" x', r'"say \"a b\""')
    assert [kqlx.matches(test, {column: line}) for line in lines] == [True, True, escaped, escaped]


def test_several_stars_have_patterns_alone() -> None:
    assert as_regexp(argument("*a*b")) is None


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("p C:\\Users\\a\\Temp\\x\\y.msi /q", True),
        ('p "C:\\Users\\a b\\Temp\\x\\y z.msi" /q', True),
        ("p C:\\Users\\a\\Temp\\x\\y\\z.msi", True),
        ("p C:\\Users\\a\\b\\Temp\\x\\z.msi", False),
        ("p C:\\Users\\a b\\Temp\\x\\z.msi", False),
        ('p "C:\\Users\\a" "b\\Temp\\x\\z.msi"', False),
    ],
)
def test_a_star_between_backslashes_is_one_step_beside_others(line: str, held: bool) -> None:
    word = "C:\\Users\\*\\Temp\\*\\*.msi"
    assert found_by(word, line) is held
    assert found_by(word, line.replace('"', "&quot;"), in_xml=True) is held
    query = WINDOWS + " and not process.args:" + word.replace("\\", "\\\\").replace(":", "\\:")
    made = kqlx.convert(query, "spl", source="endpoint.events")
    assert [n.effect for n in made.notes if n.code == "approximated"] == [Effect.WIDER]


@pytest.mark.parametrize("in_xml", [False, True])
@pytest.mark.parametrize(
    "word", ["-x", "--y=*", "*b", "a*b", "\\\\*", "a\\*b", "?:\\a*", "a?b", "*b*", "a*b*", '-"*b*']
)
def test_long_lines_take_linear_time(word: str, in_xml: bool) -> None:
    node = as_regexp(argument(word), in_xml=in_xml)
    assert node is not None
    search = re.compile(searching(node.regexp)[0], re.DOTALL).search
    parts = (
        "a ",
        '"',
        "\\",
        '" ',
        "-x",
        "a&",
        "ab ",
        "a",
        "ab",
        "&quot;",
        '\\"',
        "\\b\\",
        "C:\\a\\",
    )
    for part in parts:
        started = time.perf_counter()
        search(part * (32_000 // len(part)))
        assert time.perf_counter() - started < 2


def test_words_are_one_expression() -> None:
    words = [word_of_line(Pattern.of(text)) for text in ("which", "/bin/which", "man")]
    node = joined_regexps(Or(tuple(Regexp(LINE, each) for each in words)))
    assert isinstance(node, Regexp)
    assert searching(node.regexp)[0] == r'(?:^|[ \t"])(?:which|/bin/which|man)(?:[ \t"]|$)'
    for line in ("man", "which a", "a /bin/which", 'a "man"', "/usr/bin/which", "manual", ""):
        parts = any(compiled(each).fullmatch(line) for each in words)
        assert (compiled(node.regexp).fullmatch(line) is not None) is parts


def test_alternatives_are_one_expression() -> None:
    each = [as_regexp(argument(word)) for word in ("-x", "-y", "a b")]
    assert all(each)
    node = joined_regexps(And((Equals(LINE, Literal("z")), Or(tuple(e for e in each if e)))))
    assert isinstance(node, And)
    joined = node.items[1]
    assert isinstance(joined, Regexp)
    for line in ("p -x", "p -y", 'p "a b"', "p a b", "p -z", 'p "-x -y"'):
        parts = any(compiled(e.regexp).fullmatch(line) for e in each if e)
        assert (compiled(joined.regexp).fullmatch(line) is not None) is parts


WINDOWS = "event.category:process and event.type:start and host.os.type:windows and process.name:p"
LINUX = WINDOWS.replace("windows", "linux").removesuffix(" and process.name:p")


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    ("query", "code"),
    [
        (f"{WINDOWS} and not process.args:-x", "argument-of-line"),
        (f"{LINUX} and process.name:(curl or wget) and not process.args:-x", "argument-of-line"),
        (f"{WINDOWS} and process.args:-x", "approximated"),
        (f"{LINUX} and process.args:-x", "approximated"),
    ],
)
def test_below_a_not_arguments_are_found_alone(target: str, query: str, code: str) -> None:
    notes = kqlx.convert(query, target, source="endpoint.events").notes
    codes = [n.code for n in notes if n.code in ("approximated", "argument-of-line")]
    assert codes == [code]
    assert kqlx.notes.worst(notes) is not Effect.NARROWER


def test_a_last_line_break_is_part_of_the_argument() -> None:
    made = kqlx.convert(f"{WINDOWS} and not process.args:-x", "spl", source="endpoint.events")
    assert "(?:[ \\\\t]|\\\\z)" in made.text
    assert "$" not in made.text


def test_of_sigma_it_is_said_which_back_ends_read_it() -> None:
    made = kqlx.convert(f"{WINDOWS} and not process.args:-x", "sigma", source="endpoint.events")
    assert "back-end-support" in [note.code for note in made.notes]
    rules = SigmaCollection.from_yaml(made.text)
    assert "CommandLine:/(?s)^" in LuceneBackend().convert(rules)[0]


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "names",
    [
        "",
        "process.name:(curl or bash) and ",
        "process.name:c* and ",
        "process.name:python3.11 and ",
        "process.name:(Perl5.36.0 or curl) and ",
        "process.name:(curl or awk) and ",
        "process.name:find and ",
    ],
)
def test_of_programs_that_run_others_no_line_with_code_is_excluded(target: str, names: str) -> None:
    query = f"{LINUX} and {names}not process.args:-x"
    found = kqlx.convert(query, target, source="endpoint.events")
    assert {n.effect for n in found.notes if n.code == "approximated"} == {Effect.WIDER}
    bound = with_patterns(bind(kqlx.parse(query), builtin("endpoint.events"), target))
    column = next(name for name in bound.columns if "ommand" in name)
    test = next(item for item in walk(bound.node) if isinstance(item, Not))
    lines = {"p -x": False, "p a -x": False, "bash -c a -x": True, "p -xy": True, "p a-x": True}
    assert {line: kqlx.matches(test, {column: line}) for line in lines} == lines


def at_beginning_of(text: str, line: str) -> bool:
    return compiled(at_beginning(pattern_of(text))).fullmatch(line) is not None


UNIX_WORDS = st.sampled_from(["a", "ab", "/a/b", "-x", "-c", "--y=a", "b.c", "a*b"])


@given(
    options=st.lists(st.sampled_from(["-x", "-c", "--y=a"]), max_size=2),
    words=st.lists(st.lists(UNIX_WORDS, min_size=1, max_size=3).map(" ".join), max_size=3),
    data=st.data(),
)
@examples(400)
def test_what_begins_a_line_is_an_argument(
    options: list[str], words: list[str], data: st.DataObject
) -> None:
    """Of ``sh -e -c "a b"`` neither a nor a b can be told but by how it begins."""
    given = ["/bin/a", *options, *(word for word in words if not word.startswith("-"))]
    line = " ".join(given)
    word = data.draw(st.sampled_from([*given, "a", "b", "/a/b"])).split(" ")[0].replace("*", "")
    text = word + data.draw(st.sampled_from(["", "*"]))
    held = any(map(pattern_of(text).matcher(), given))
    assert held or not at_beginning_of(text, line)
    first = [*given[: len(options) + 1], *given[len(options) + 1 :][:1]]
    if text.endswith("*") and any(map(pattern_of(text).matcher(), first)):
        assert at_beginning_of(text, line)


@pytest.mark.parametrize(
    ("text", "line", "excluded"),
    [
        ("gs*", "/bin/sh -e -c gs -q -dBATCH", True),
        ("gs*", "/bin/sh -e -c curl x; gs -q", False),
        ("gs*", "gs -q", True),
        ("gs", "sh -c gs", True),
        ("gs", "sh -c gs -q", False),
        ("gs", "gs -q", True),
        ("gs", "/usr/bin/gs -q", False),
        ("*.sh", "sh -x /a/b.sh", True),
        ("*.sh", "sh -x /a/b /c.sh", False),
        ("gs*", "curl evil gs", False),
    ],
)
def test_of_unknown_programs_the_first_argument_is_told(
    text: str, line: str, excluded: bool
) -> None:
    assert at_beginning_of(text, line) is excluded
    query = f'process where host.os.type == "linux" and not process.args like "{text}"'
    bound = bind(kqlx.parse(query, language="eql"), builtin("endpoint.events"), "sigma").node
    found = next(item for item in walk(bound) if isinstance(item, Not))
    assert kqlx.matches(found, {"CommandLine": line}) is not excluded


LINES_OF_SHELLS = [
    ("ps /usr/sbin/tool", True),
    ("/bin/sh /usr/sbin/tool start", True),
    ('run "/usr/sbin/tool"', True),
    ("sh -c ps /usr/sbin/tool", False),
    ("bash -lc /usr/sbin/tool", False),
    ("perl -e x /usr/sbin/tool", False),
    ("su x --command=/usr/sbin/tool y", False),
    ("ps /usr/sbin/tools", False),
    ("/usr/bin/ssh host /usr/sbin/tool", False),
    ("sshd /usr/sbin/tool", True),
    ("ps x/usr/sbin/tool", False),
]


@pytest.mark.parametrize(("line", "excluded"), LINES_OF_SHELLS)
def test_a_path_below_a_not_is_a_word_of_a_line_without_code(line: str, excluded: bool) -> None:
    """What may be a part of a longer argument, of ``sh -c``, takes no event away."""
    bound = bind_for_line("not process.args:/usr/sbin/tool")
    assert kqlx.matches(bound, {"CommandLine": line}) is not excluded


@pytest.mark.parametrize(
    ("program", "word", "line", "excluded"),
    [
        # Of programs that the query names, on either system.
        ('process.name like ("kubectl", "kubectl.exe")', "status", "kubectl -y status -z", True),
        (
            'process.name like ("kubectl", "kubectl.exe")',
            "status",
            r'"C:\a b\kubectl.exe" x status',
            True,
        ),
        (
            'process.name like ("kubectl", "kubectl.exe")',
            "status",
            'kubectl run "no status yet"',
            False,
        ),
        (
            'process.name like ("kubectl", "kubectl.exe")',
            "status",
            "kubectl exec -c status yet",
            False,
        ),
        # Of any program: what begins the line, and is an argument on Windows too.
        ("true", "neigh", "ip -4 neigh", True),
        ("true", "neigh", "ip neigh show", False),
        ("true", "neigh", 'say "x neigh"', False),
        ("true", "ip neigh", 'sh -c "ip neigh"', False),
        # A name without an extension is none of Windows.
        ('process.name == "docker"', "prepare:*", 'docker run "prepare:x y"', True),
        ('process.name == "docker"', "prepare:*", "docker -e x prepare:x", False),
    ],
)
def test_on_an_unknown_system_no_event_of_either_is_lost(
    program: str, word: str, line: str, excluded: bool
) -> None:
    query = f'process where {program} and not process.args like "{word}"'
    for target in ("spl", "sentinel", "sigma"):
        bound = with_patterns(
            bind(kqlx.parse(query, language="eql"), builtin("crowdstrike.fdr"), target)
        )
        found = next(item for item in walk(bound.node) if isinstance(item, Not))
        column = next(name for name in bound.columns if "ommandLine" in name)
        assert kqlx.matches(found, {column: line}) is not excluded, target


def bind_for_line(query: str) -> Node:
    node = kqlx.parse(f"{LINUX} and {query}")
    bound = bind(node, builtin("endpoint.events"), "spl")
    return next(item for item in walk(bound.node) if isinstance(item, Not))


DRIVES = (
    'process where host.os.type == "windows" and event.type == "start" and not process.args : {}'
)


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
@pytest.mark.parametrize(
    "word", [r'"?:\\Tools\\run.vbs"', r'"?:\\Tools\\*"', r'("?:\\a b\\*.vbs", "C:\\?un")']
)
def test_a_drive_below_a_not_is_no_other_word(target: str, word: str) -> None:
    made = kqlx.convert(DRIVES.format(word), target, source="endpoint.events", language="eql")
    codes = {note.code for note in made.notes if note.effect is not Effect.COVERAGE}
    assert codes.isdisjoint({"approximated"})
    assert "argument-of-line" in codes


WILDCARDS_IN_WORDS = [
    ("x /usr/lib/a/b.conf", True),
    ("x /usr/lib/a/b.confs", False),
    ("x /usr/lib/a /b.conf", False),
    ("x /usr/lib/a/.conf", False),
    ('x "/usr/lib/q/r/b.conf"', True),
    ("/usr/lib/q/b.conf -x", True),
    ("x -o/usr/lib/a/b.conf", False),
]


@pytest.mark.parametrize("named", ["process.name:curl and ", ""])
@pytest.mark.parametrize(("line", "excluded"), WILDCARDS_IN_WORDS)
def test_wildcards_below_a_not_end_with_the_word(line: str, excluded: bool, named: str) -> None:
    asked = f'{named}not process.args like "/usr/lib/*/?.conf"'
    begin = 'process where host.os.type == "linux" and event.type == "start" and '
    asked = asked.replace("process.name:curl", 'process.name == "curl"')
    node = kqlx.parse(begin + asked, language="eql")
    for target in ("spl", "sigma"):
        bound = bind(node, builtin("endpoint.events"), target).node
        found = next(item for item in walk(bound) if isinstance(item, Not))
        assert kqlx.matches(found, {"CommandLine": line}) is not excluded


@pytest.mark.parametrize("target", ["spl", "sentinel", "sigma"])
def test_paths_below_a_not_share_one_exclusion(target: str) -> None:
    query = f"{LINUX} and not process.args:(/usr/sbin/a or /usr/sbin/b or /opt/c/*)"
    made = kqlx.convert(query, target, source="endpoint.events")
    assert made.text.count("[ce] ") == 1
    assert {n.effect for n in made.notes if n.code == "approximated"} == {Effect.WIDER}


def test_a_quotation_mark_in_a_word_is_looked_for_at_the_beginning_alone() -> None:
    """On Linux a mark may also be one round a word, so that it bounds none."""
    query = (
        'process where host.os.type == "linux" and process.name == "sh" and '
        'not process.args like "sh \\"/opt/*/a*"'
    )
    bound = bind(kqlx.parse(query, language="eql"), builtin("endpoint.events"), "sigma").node
    found = next(item for item in walk(bound) if isinstance(item, Not))
    for line, excluded in {'sh -c sh "/opt/x/ab': True, 'p x sh "/opt/x/ab': False}.items():
        assert kqlx.matches(found, {"CommandLine": line}) is not excluded


def test_a_character_behind_a_star_may_follow_a_backslash() -> None:
    assert found_by("*?a", '"C:\\d C:\\da"')
    assert not found_by("*?a", 'x"\\" a"')


# Lines in which signs stand as in XML

SIGNS = st.text("ab/-*?&<>'\"; qualt", min_size=1, max_size=8)


@given(line=st.text("ab/-&<>'\"; qualtmpo", max_size=14), text=SIGNS)
@example(line='x "q', text="q*")
@example(line="&", text="*mp")
@example(line="a&b", text="a?b")
@example(line="a & b", text="?")
@example(line='"ab', text="ab")
@example(line="a &amp; b", text="&amp;")
@examples(600)
def test_words_are_the_same_in_xml(line: str, text: str) -> None:
    """Each form finds in the XML of a line what it finds in the line."""
    pattern = pattern_of(text.replace('"', ""))
    assume(pattern.tokens and can_be_in_xml(pattern))
    for form in (word_of_line, at_beginning):
        plain = compiled(form(pattern)).fullmatch(line) is not None
        in_xml = compiled(form(pattern, in_xml=True)).fullmatch
        assert (in_xml(escaped(line)) is not None) is plain
        if "&" not in line:  # nothing but what stands there as it is
            assert (in_xml(line) is not None) is plain


LINUX_LINES = [
    ("not process.args:/opt/a&b/*", "x /opt/a&b/c", True),
    ("not process.args:/opt/a&b/*", "x /opt/a&b", False),
    ("not process.args:/opt/*/c\\>d", "x /opt/e&f/c>d", True),
    ("not process.args:/opt/*/c\\>d", 'x "/opt/e\'f/c>d"', True),
    ("not process.args:/opt/*/c\\>d", "x /opt/e f/c>d", False),
    ("not process.args:/tmp/*mp/x", "x /tmp/&/x", False),
    ("not process.args:/tmp/*mp/x", "x /tmp/&z-mp/x", True),
    ("not process.name:a* and not process.args:*\\<", "x y<", True),
]


@pytest.mark.parametrize("source", ["endpoint.events", "cloud_defend"])
@pytest.mark.parametrize(("query", "line", "excluded"), LINUX_LINES)
def test_splunk_leaves_out_what_sysmon_for_linux_writes_in_xml(
    source: str, query: str, line: str, excluded: bool
) -> None:
    """No word below a not is lost or found because of the signs beside it."""
    asked = f"event.category:process and host.os.type:linux and event.type:start and {query}"
    text = kqlx.convert(asked, "spl", source=source, accept=("wider", "narrower")).text
    event = {"sourcetype": "sysmon:linux", "EventID": "1", "Image": "/usr/bin/x"}
    for stored in (line, escaped(line)):
        found = SPLUNK.keeps(str(text), stored_event({**event, "CommandLine": stored}, False), [])
        assert found is not excluded
