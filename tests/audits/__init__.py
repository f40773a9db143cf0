"""Audits as gates: seen to pass what is good and to fail what is bad."""
