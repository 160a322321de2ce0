"""The tests, by the rooms of the package; ``oracles`` has what judges the results."""
