"""Measurements by command, not by test: `python -m tests.benchmarks.NAME --help`."""
