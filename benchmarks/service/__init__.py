"""How fast the service answers, what memory it takes, and how it bears more than it can.

May import benchmarks.traffic, app and model. Begin reading at serving.py, then load.py.
"""
