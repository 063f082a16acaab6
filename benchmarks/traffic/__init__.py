"""Requests as people type them, the servers that they go to, and what sends them.

May import of the project model.evaluate, which draws the typos. Begin reading at typing_trace.py, then servers.py.
"""
