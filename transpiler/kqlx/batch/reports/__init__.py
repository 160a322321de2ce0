"""Reports on a run, each a file or the standard output, in the formats that people and programs
read.
"""
