"""How good suggestions are: typed words, corrections, phrases, text that is written on, every word of a model.

May import model, and of app the settings. Begin reading at phrases.py.
"""
