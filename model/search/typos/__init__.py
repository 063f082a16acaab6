"""Typos: what typed letters may have been meant for, and what each typo on the way costs.

May import model.lm and what stands below it; training imports its error model.
Begin reading at error_model.py, then beam_search.py.
"""
