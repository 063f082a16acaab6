"""What the service counts, and how Prometheus reads it.

May import app.inference and what stands below it.
Begin reading at prometheus.py.
"""
