"""The words of a model: counted, chosen for vocabulary and lexicon, cleaned, and those that are only known to exist.

May import model.lm and what stands below it, and of the search the error model alone.
Begin reading at counts.py, then vocabulary.py.
"""
