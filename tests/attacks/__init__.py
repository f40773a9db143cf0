"""Attacks against closed forms, another implementation, and the laws that hold for all of them."""
