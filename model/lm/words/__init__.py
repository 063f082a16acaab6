"""Words beside the network's: spelled, rare, known to exist, of custom vocabularies, and the guard against others.

May import model.nn and what stands below it.
Begin reading at spelling.py, then word_index.py.
"""
