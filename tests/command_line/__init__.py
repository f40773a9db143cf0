"""The command line as a user meets it: refusals, partial runs, kills, workers, reports."""
