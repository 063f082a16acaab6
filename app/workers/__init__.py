"""Several processes that serve from one socket with one copy of the models.

May import all of app but __main__.py.
Begin reading at supervisor.py.
"""
