"""The endpoints: routes, JSON bodies, the OpenAPI document, the pages.

May import app.http, app.metrics, app.inference and what stands below them.
Begin reading at routes.py.
"""
