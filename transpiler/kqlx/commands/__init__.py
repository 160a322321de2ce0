"""The commands of the command line, one module a kind. They read arguments and print;
they decide nothing.
"""
