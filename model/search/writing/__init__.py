"""More than a word: phrases that a suggestion goes on to, text that is written on, replies to a message.

May import of the search the ranking and the place, and what stands below model.search.
Begin reading at phrases.py, then writer.py.
"""
