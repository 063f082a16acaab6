"""A place in a text: its kind, the context before it, the word typed there, and what custom vocabularies say of it.

May import model.lm and what stands below it.
Begin reading at query.py, then kinds.py.
"""
