"""What the syntax of Kibana KQL says beside its grammar, for all that read, write or explain it:
white space, words, quoted text, how deep a query may nest.
"""

MAX_DEPTH = 100
"""How deep nodes may nest. Parentheses alone cost nothing; Kibana itself overflows somewhere above
1,000.
"""

SPACES = " \t\r\n\xa0"
"""The white space of the language."""

# Neither Python's idea of white space nor the language's own.
TRIMMED = (
    "\t\n\v\f\r \u00a0\ufeff\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008"
    "\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
"""What JavaScript's trim() removes, and so Kibana from the ends of unquoted values."""

QUOTED = r'"[^"\\]*(?:\\(?s:.)[^"\\]*)*"'
"""A regular expression of quoted text."""

WORD = r'(?:[^\s\\():<>"{}]|\\\S)+'
"""A regular expression of an unquoted word."""
