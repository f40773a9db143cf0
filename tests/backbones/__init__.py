"""Tests of fixtures/backbones."""
