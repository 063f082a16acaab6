"""The people who taught the service: what each has taught, kept in the database and, of the last ones, in memory.

May import of app the database and what stands below it, and model.
Begin reading at people.py, then store.py.
"""
