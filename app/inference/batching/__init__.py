"""Batching: one product for the inputs of many requests, and the states that are kept between them.

May import model, and of app nothing above the errors.
Begin reading at batcher.py, then state_cache.py.
"""
