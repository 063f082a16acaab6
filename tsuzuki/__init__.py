"""The Python package as its users meet it: the command ``tsuzuki`` and the client.

May import app and model; in the wheel both lie in this package (packages/python).
Begin reading at __main__.py, then client.py.
"""
