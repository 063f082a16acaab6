"""Measurements of speed and quality, each of them a command.

May import app and model; nothing of the project's but tests and scripts imports them.
Begin reading at __main__.py, which runs those of speed.
"""
