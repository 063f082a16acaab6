"""How fast the networks are, served and trained, beside other libraries.

May import benchmarks.traffic and model. Begin reading at networks.py.
"""
