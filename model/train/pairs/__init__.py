"""Training on pairs of sequences: an encoder reads the first of each, a decoder learns to write the second.

May import the rest of model.train and what stands below it.
Begin reading at __main__.py, then dataset.py.
"""
