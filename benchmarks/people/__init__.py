"""Benchmarks of people: what they cost, whether they stay apart, and whether what they taught survives.

May import app and benchmarks.traffic.servers.
Begin reading at service.py, then __main__.py.
"""
