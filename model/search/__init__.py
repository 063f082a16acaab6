"""The search for suggestions: from a place in a text to the words that fit there.

May import model.lm and what stands below it.
Begin reading at place/query.py, then complete.py.
"""
