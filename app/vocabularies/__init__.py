"""Custom vocabularies: kept in the database, and in the memory of every worker, where requests find them.

May import app.database, the settings, schemas and errors, and model.lm.
Begin reading at library.py.
"""
