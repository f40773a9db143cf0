"""What a run leaves: records, run.json and everything that a person reads, made from it without torch."""
