"""Answering: the loaded models, the engine of each, its batcher and its state cache.

May import model, and of app the settings, schemas and errors.
Begin reading at service.py, then engine.py.
"""
