"""Tests of fixtures/datasets: every layout from tiny files, every refusal, the laws of subsets and digests."""
