"""Decoded images, forward passes and the cache of what came out."""
