"""The metrics: the table of all, the counters that workers share, the endpoint for Prometheus.

May import app.inference and what stands below it.
Begin reading at prometheus.py.
"""
