"""Text: tokens, the vocabulary and its order, the corpora to train on.

May import model.arrays, model.files and model.errors.
Begin reading at tokens.py, then vocabulary.py.
"""
