"""The language model: P(word | context) from network, n-grams, recent words and spelling; known words, guard, files.

May import model.nn and what stands below it.
Begin reading at language_model.py, then mixture.py.
"""
