"""Conversions as a whole, in all targets: goldens, options, notes, real rules."""
