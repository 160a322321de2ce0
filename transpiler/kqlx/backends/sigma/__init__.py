"""Sigma: rules and correlations."""

from kqlx.backends.sigma.detection import TARGET as TARGET
