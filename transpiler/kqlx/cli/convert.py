"""``kqlx convert`` and ``kqlx targets``."""

import sys
from typing import TYPE_CHECKING

from kqlx.cli import options as cli
from kqlx.cli.common import fail, usage
from kqlx.cli.option_groups import ConversionOptions, MessageOptions, TargetOptions, with_groups
from kqlx.cli.progress import Progress
from kqlx.cli.running import inputs_of, run
from kqlx.errors import KqlxError

if TYPE_CHECKING:
    from kqlx.batch.converter import Converter
    from kqlx.batch.inputs import Inputs
    from kqlx.batch.run import Sink

_FILE_NAMES = "{file}"


def targets() -> None:
    """List the targets, with their aliases, formats and languages.

    Example: kqlx targets
    """
    from kqlx.backends import targets

    for target in targets():
        names = ", ".join([target.name, *target.aliases])
        print(f"{names:24} {', '.join(target.format_names):16} {target.title}")


@with_groups
def convert(
    paths: cli.Paths = None,
    *,
    query: cli.Queries = None,
    language: cli.Language = None,
    exclude: cli.Exclude = None,
    conversion: ConversionOptions,
    out: cli.Out = None,
    file_names: cli.FileNames = _FILE_NAMES,
    force: cli.Force = False,
    prune: cli.Prune = False,
    check: cli.Check = False,
    jobs: cli.Jobs = 1,
    messages: MessageOptions,
    targets: TargetOptions,
) -> None:
    """Convert rules or a query, and print the results or write files.

    Example: kqlx convert --to spl,sentinel --out converted/ rules/
    """
    from kqlx.batch.reports.reports import wants_fragments

    progress = Progress(sys.stderr)
    try:
        messages.check()
        fragments = wants_fragments(messages.reports, messages.output_format)
        request = conversion.request(targets, file_names=file_names, fragments=fragments)
        if out is None and not messages.output_format.is_for_people:
            usage(
                f"--output-format {messages.output_format} is for standard output, where the"
                " results go",
                "write those to files with --out, or the report to one with --report; kqlx check"
                " has no results",
            )

        if out is None and file_names != _FILE_NAMES:
            usage("--file-names needs --out")

        def sink(converter: "Converter", inputs: "Inputs") -> "Sink":
            return _sink(converter, inputs, out, progress, force=force, prune=prune, check=check)

        status = run(
            request,
            inputs_of(paths or [], query, exclude, language),
            messages,
            progress,
            jobs,
            sink,
        )
    except KqlxError as error:
        fail(error)
    raise SystemExit(status)


def _sink(
    converter: "Converter",
    inputs: "Inputs",
    out: str | None,
    progress: Progress,
    *,
    force: bool,
    prune: bool,
    check: bool,
) -> "Sink":
    """Where the results go. Ends the program for options that do not go together."""
    for name, is_given in (("--force", force), ("--prune", prune), ("--check", check)):
        if is_given and out is None:
            usage(f"{name} needs --out")
    if check and (force or prune):
        usage("--check writes nothing: leave out --force and --prune")
    targets = [
        (target.name, format or target.format_names[0]) for target, format in converter.targets
    ]
    is_mixed = len(targets) > 1
    if out is None:
        from kqlx.batch.printed import Printed

        return Printed(is_mixed or inputs.total > 1, is_mixed)
    if not out:
        usage("--out: the name of the folder is empty")
    from kqlx.batch.in_folder import InFolder
    from kqlx.batch.result_folder import Folder
    from kqlx.batch.run import WAITING

    folder = Folder(out, force=force)
    return InFolder(
        folder,
        is_mixed or any(folder.has_folder_for(name) for name, _ in targets),
        targets,
        inputs.folders,
        lambda: progress.say(WAITING),
        prune,
        check,
    )
