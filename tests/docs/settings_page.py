"""docs/settings.md, made of the keys that there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kqlx.settings.keys import KEYS, Key, Kind

_HEAD = """\
# Settings

Generated from `transpiler/kqlx/settings/keys.py`.

`kqlx.yml` sets defaults for the command line. kqlx reads the nearest one in or above the folder of
the first path, otherwise in or above the working folder; `--config FILE` or `$KQLX_CONFIG` names
another. Paths in it are relative to the file. Options take precedence: `--no-strict` overrides
`strict: true`. The result of a query (`-q`, or standard input) is printed even if `out` is set.

- `kqlx init` writes a file with all keys as comments.
- `kqlx config [PATH]` prints the settings in effect for rules, and where each comes from.
- [kqlx.schema.json](kqlx.schema.json) is the JSON schema for editors; `kqlx config --schema`
  prints it, and the first line of the file that `kqlx init` writes refers to it.

Keys marked with * are for the command line only; the others also apply in Python, to
`kqlx.convert(…, settings=kqlx.settings.load(path))`.

Any other target, such as `sigma` or one of another package, has a section of its name too, with
`exact` and the options that it takes: `sigma: {annotate: true}`.
"""


def settings_page() -> str:
    return "\n".join([_HEAD, *_table(KEYS)]) + "\n"


def _table(keys: Iterable[Key]) -> Iterator[str]:
    yield "| key | value | meaning | default |"
    yield "|---|---|---|---|"
    yield from _rows(keys, "")


def _rows(keys: Iterable[Key], above: str) -> Iterator[str]:
    for key in keys:
        if key.inner:
            yield from _rows(key.inner, f"{above}{key.name}.")
            continue
        kind = ", ".join(f"`{word}`" for word in key.words) or str(key.kind)
        if key.words and key.kind is Kind.TEXTS:
            kind += "; one, or a list"
        default = f"`{key.default}`" if key.default else ""
        if not default and key.kind is Kind.SWITCH:
            default = "`false`"
        mark = " *" if key.is_option else ""
        yield f"| `{above}{key.name}`{mark} | {kind} | {key.meaning} | {default} |"
