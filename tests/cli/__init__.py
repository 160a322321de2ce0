"""The command line: commands, files that it writes, streams, exit status."""
