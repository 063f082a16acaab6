"""Training: from text files to the files of a model.

May import model.lm and what stands below it, and of the search the error model alone.
Begin reading at __main__.py, then trainer.py.
"""
