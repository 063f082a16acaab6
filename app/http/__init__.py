"""The HTTP layer around every request: ids and logs, access, the rate limit, time and size.

May import app.metrics and what stands below it.
Begin reading at middleware.py.
"""
