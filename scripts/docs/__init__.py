"""Makes what the documentation shows: its API page, pictures, worked numbers and tables, and its site.

May import app, model, the benchmarks' servers and scripts.chromium.
Begin reading at api.py, then mkdocs_hooks.py.
"""
