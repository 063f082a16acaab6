"""The language model: network, n-grams, recent words and spelling mixed to P(word | context); its files.

May import model.nn and what stands below it.
Begin reading at language_model.py, then mixture.py.
"""
