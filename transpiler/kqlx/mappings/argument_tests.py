"""Tests of arguments, bound to the column that has the whole command line: exactly where it can be
told which words are arguments, for below a ``not`` what matches more loses events.
"""

from __future__ import annotations

from kqlx.elastic.type_names import INTEGERS
from kqlx.mappings.asserted_values import AnyCase, asserts
from kqlx.mappings.binding import Binding
from kqlx.mappings.column_tests import bind_to_column, column_for_regexp, takes_texts_as_asked
from kqlx.mappings.command_line_arguments import in_patterns, patterns_of
from kqlx.mappings.field_spec import FieldSpec
from kqlx.nodes import (
    And,
    CommandLineArgument,
    Equals,
    Like,
    Literal,
    Node,
    Not,
    Regexp,
    any_of,
    asked_pattern,
    pattern_test,
    transform,
    with_field,
)
from kqlx.notes import Effect, Note
from kqlx.patterns import Pattern, Shape
from kqlx.records import replace
from kqlx.regexes import late_regex

# fmt: off
_RUN_OTHERS = frozenset({
    "ansible", "ash", "awk", "bash", "bun", "busybox", "bwrap", "capsh", "chroot", "chrt",
    "cpulimit", "crictl", "csh", "ctr", "dash", "dbus-run-session", "deno", "doas", "docker",
    "echo", "emacs", "env", "expect", "fakeroot", "find", "firejail", "fish", "flock", "gawk",
    "gdb", "git", "gmake", "gnome-terminal", "ionice", "konsole", "ksh", "kubectl", "logger",
    "ltrace", "lua", "luajit", "lxc", "lxc-attach", "machinectl", "make", "mawk", "mksh", "mysql",
    "nawk", "nerdctl", "nice", "node", "nodejs", "nohup", "nsenter", "nu", "nvim", "original-awk",
    "osascript", "parallel", "perf", "perl", "php", "pkexec", "podman", "printf", "proot", "psql",
    "pwsh", "pwsh-preview", "python", "r", "rbash", "rksh", "rscript", "rsync", "ruby", "runc",
    "runuser", "rvim", "sash", "scp", "screen", "script", "sed", "setarch", "setsid", "sftp", "sg",
    "sh", "sqlite", "ssh", "sshpass", "start-stop-daemon", "stdbuf", "strace", "su", "sudo",
    "systemd-run", "tar", "taskset", "tclsh", "tcsh", "time", "timeout", "tmux", "toybox",
    "unshare", "valgrind", "vi", "view", "vim", "vimdiff", "wall", "watch", "wish", "xargs",
    "xfce4-terminal", "xterm", "xvfb-run", "yash", "zip", "zsh",
})
# fmt: on
"""Programs that are given the command lines, the code or the words of others as one argument; those
of several versions without the number.
"""


_BOUNDS = late_regex(r"[ \t]|\\\Z")


def exact_argument(binding: Binding, test: CommandLineArgument, spec: FieldSpec) -> Node | None:
    """The test of an argument below a ``not``, where no event worth the name is lost to it, with a
    note on what is left. None where some may be.

    Windows keeps the line as it was typed: quotation marks tell the arguments. Elsewhere it is the
    arguments with blanks between (``/proc/PID/cmdline``), and only that of a program which runs
    others is likely to have an argument that holds words such as rules look for.
    """
    from kqlx.mappings.argument_regexps import in_steps

    field = test.test.field.name
    if spec.quoted:
        return _verbatim(binding, test, spec)
    if is_windows(binding):
        if (found := _as_regexp(binding, test, spec)) is None:
            return None
        message = f"{field}: matched as an argument of {spec.column}"
        message += "; one that is in quotation marks only in part is not found"
        if in_steps(asked_pattern(test.test).collapsed()):
            message += "; a star between backslashes stands for one directory"
            binding.notes.append(Note("approximated", Effect.WIDER, message))
            return found
    elif runs_no_others(binding, field):
        if (found := _as_word(binding, test, spec)) is None:
            return None
        message = f"{field}: matched as a whole word of {spec.column}"
        message += "; an argument with blanks counts as several"
    else:
        return _in_any_line(binding, test, spec)
    binding.add_note("argument-of-line", message, None)
    return found


def _in_any_line(binding: Binding, test: CommandLineArgument, spec: FieldSpec) -> Node | None:
    """The argument in a line of any program: as a word where no longer argument is likely to hold
    it, and where the words before it show that it begins an argument.
    """
    from kqlx.mappings.argument_regexps import at_beginning

    if (place := _line(binding, test, spec)) is None:
        return None
    pattern, of_windows = asked_pattern(test.test), None
    found = []
    message = f"{test.test.field.name}: matched"
    unix, path = not may_be_windows(binding), _is_path(pattern)
    if not (unix or path):  # whichever the system, what is found is to be an argument there
        if (of_windows := _as_regexp(binding, test, spec)) is None:
            return None
        message += " as an argument that Windows parts, and"
    alone = path or names_programs(binding, test.test.field.name) or _is_option(pattern)
    if alone and (one := _beside_no_code(binding, test, spec, of_windows)) is not None:
        found.append(one)
        message += (
            f" as a whole word of {spec.column}, in lines without commands for another program"
            " (sh -c, ssh); an argument with blanks counts as several"
        )
    if not found or (pattern.ends_open and unix):
        column, in_xml = place
        first = at_beginning(pattern, in_xml=in_xml)
        beginning: Node = Regexp(column, first, test.span, case=test.test.case)
        if of_windows is not None:
            beginning = And((of_windows, beginning), test.span)
        where = f"at the beginning of {spec.column} and behind its first options"
        message += f"; also {where}" if found else f" {where}, nowhere else"
        found.append(beginning)
    binding.notes.append(Note("approximated", Effect.WIDER, message))
    return any_of(found, test.span)


def _is_path(pattern: Pattern) -> bool:
    """Whether it asks for a path, in whole or by how it begins, and so for no word of a text."""
    plain = pattern.shape in (Shape.EXACT, Shape.PREFIX) or pattern.prefix.startswith("/")
    return plain and pattern.text.count("/") > 1


def _is_option(pattern: Pattern) -> bool:
    return pattern.prefix.startswith("-") and " " not in pattern.text


def _as_word(binding: Binding, test: CommandLineArgument, spec: FieldSpec) -> Node | None:
    """The argument as a word of the line: by patterns, or where these would reach into the words
    beside it by a regular expression. None where there is none of these.
    """
    pattern = asked_pattern(test.test)
    if pattern.shape is not Shape.OTHER and patterns_of(test)[0] != pattern.within():
        return bind_argument(binding, test, spec)
    place = _line(binding, test, spec)
    if place is None or any(sign in pattern.text for sign in '"\t'):
        return None
    from kqlx.mappings.argument_regexps import word

    column, in_xml = place
    return Regexp(column, word(pattern, in_xml=in_xml), test.span, case=test.test.case)


def _beside_no_code(
    binding: Binding, test: CommandLineArgument, spec: FieldSpec, one: Node | None
) -> Node | None:
    """The argument as a word, or as ``one`` says, in a line that hands no code to a program: a path
    in that is part of a longer argument.
    """
    from kqlx.mappings.argument_regexps import HANDS_CODE, word

    if (place := _line(binding, test, spec)) is None:
        return None
    column, in_xml = place
    found = one
    if found is not None:
        pass
    elif "logsource" in binding.destination.place:
        if (found := _as_word(binding, test, spec)) is None:
            return None
    else:
        expression = word(asked_pattern(test.test), in_xml=in_xml)
        found = Regexp(column, expression, test.span, case=test.test.case)
    code = Regexp(column, HANDS_CODE, test.span)
    return And((found, Not(code, test.span)), test.span)


def _line(
    binding: Binding, test: CommandLineArgument, spec: FieldSpec
) -> tuple[Literal, bool] | None:
    """The column of the line for words of it, and whether signs in it may be written as in XML."""
    from kqlx.mappings.xml_signs import can_be_in_xml

    decoded = not can_be_in_xml(asked_pattern(test.test), bounded=True)
    return column_for_regexp(binding, spec, test.test.field, decoded=decoded)


def _as_regexp(binding: Binding, test: CommandLineArgument, spec: FieldSpec) -> Node | None:
    """In a column that has the line as it is, or as in XML."""
    if (found := column_for_regexp(binding, spec, test.test.field)) is None:
        return None
    from kqlx.mappings.argument_regexps import as_regexp, escaped

    column, in_xml = found
    pattern = escaped(asked_pattern(test.test))
    if pattern and pattern.shape is Shape.CONTAINS and not _BOUNDS.search(pattern.text):
        # No argument ends within such a text, so that the line has it where one has.
        return bind_to_column(binding, pattern_test(test.test, pattern), spec)
    made = as_regexp(replace(test, test=replace(test.test, field=column)), in_xml=in_xml)
    fits = asked_pattern(test.test).fits
    return None if any(map(fits, binding.columns[column.name].null_values)) else made


def _verbatim(binding: Binding, test: CommandLineArgument, spec: FieldSpec) -> Node | None:
    """An argument that Elastic leaves in the quotation marks of the line. Text without blanks, with
    a star on either side, is in an argument wherever it is in the line.
    """
    from kqlx.mappings.verbatim_arguments import verbatim

    field, pattern = test.test.field.name, asked_pattern(test.test).collapsed()
    within = pattern.shape is Shape.CONTAINS
    if within and not any(sign.isspace() for sign in pattern.text):
        return bind_to_column(binding, pattern_test(test.test, pattern), spec)
    if (found := column_for_regexp(binding, spec, test.test.field)) is None:
        return None
    column, in_xml = found
    possible, expression = verbatim(pattern, in_xml=in_xml)
    if not possible:
        message = (
            f"{field} of {binding.pack.title} is never such: blanks outside of quotation marks"
        )
        message += " part it"
        binding.add_note("constant-folded", message, test.span)
        return binding.constant(False, message, test.span)
    if expression is None or any(map(pattern.fits, binding.columns[column.name].null_values)):
        return None
    message = f"{field}: matched as an argument of {spec.column}, with the quotation marks it is in"
    binding.add_note("argument-of-line", message, None)
    return Regexp(column, expression, test.span, case=test.test.case)


def is_windows(binding: Binding) -> bool:
    """Whether all events that the query can match are of Windows."""
    return _is_of(binding, "windows")


def may_be_windows(binding: Binding) -> bool:
    """Whether some of them may be. Programs of Windows are called after their files, whose names
    have an extension: ``docker``, as it is spelt, is none of it.
    """
    if is_windows(binding):
        return True
    if _is_of(binding, "linux", "macos"):
        return False
    names = (*binding.asserted.get("process.name", ()), *binding.asserted.get(_PARENT, ()))
    return not any(all(map(_is_of_unix, each)) for each in names)


_PARENT = "process.parent.name"

_WITHOUT_FILE = frozenset({"System", "Registry", "Idle", "Memory Compression", "Secure System"})
"""What Windows calls processes that are no programs; their names have no extension."""


def _is_of_unix(name: str | AnyCase) -> bool:
    return isinstance(name, str) and "." not in name and name not in _WITHOUT_FILE


def _is_of(binding: Binding, *systems: str) -> bool:
    name = "host.os.type"
    spec = binding.destination.field(name)
    return (
        binding.pack.constants.get(name) in systems
        or (spec is not None and spec.fixed in systems)
        or asserts(binding.asserted, [{name: systems}])
    )


def runs_no_others(binding: Binding, field: str) -> bool:
    """Whether the query names the programs whose arguments it asks for, and none that runs
    others.
    """
    names = binding.asserted.get(field.rpartition(".")[0] + ".name", ())
    texts = [{v.text if isinstance(v, AnyCase) else v.lower() for v in each} for each in names]
    return any(_RUN_OTHERS.isdisjoint(map(_without_version, each)) for each in texts)


def names_programs(binding: Binding, field: str) -> bool:
    """Whether the query names the programs of which it asks for this field."""
    return bool(binding.asserted.get(field.rpartition(".")[0] + ".name"))


def _without_version(program: str) -> str:
    """``python3.11`` is python."""
    return program.rstrip("0123456789.-")


def bind_argument(binding: Binding, argument: CommandLineArgument, spec: FieldSpec) -> Node:
    """An argument of the line in the column; where that spells some of its patterns otherwise, it
    is told by these alone.
    """
    assert spec.column is not None
    column = Literal(spec.column, span=argument.test.field.span)
    bound = replace(argument, test=_renamed(argument.test, column))
    if takes_texts_as_asked(binding, spec.column):
        one = bind_to_column(binding, argument.test, spec)
        if type(one) is type(argument.test) and binding.columns[spec.column].type not in INTEGERS:
            return bound
    patterns = in_patterns(argument)
    spelt = transform(patterns, lambda one: _in_column(binding, one, spec))
    as_asked = transform(patterns, lambda one: _renamed(one, column))
    return bound if spelt == as_asked else spelt


def _in_column(binding: Binding, pattern: Node, spec: FieldSpec) -> Node:
    assert isinstance(pattern, Equals | Like)
    return bind_to_column(binding, pattern, spec)


def _renamed(pattern: Node, column: Literal) -> Equals | Like:
    assert isinstance(pattern, Equals | Like)
    test = with_field(pattern, column)
    assert isinstance(test, Equals | Like)
    return test
