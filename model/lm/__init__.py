"""The language model: P(word | context) from network, n-grams, recent words and a person's counts; the model's files.

May import model.nn and what stands below it.
Begin reading at language_model.py, then mixture.py.
"""
