"""Tests of the measures: independent references, laws, interval coverage, refusals."""
