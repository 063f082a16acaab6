"""Evaluation: held-out text typed with suggestions, and the figures of it.

May import model.search and what stands below it.
Begin reading at __main__.py, then simulated_typing.py.
"""
