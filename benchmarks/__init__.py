"""Measurements of speed and quality, each of them a command."""
