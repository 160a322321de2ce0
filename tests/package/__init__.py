"""The package and its tools: imports, layers, the wheel, locks, the scoreboard."""
