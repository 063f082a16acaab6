"""The database: its tables, their migrations in order, and connections to SQLite or PostgreSQL. Counts, never text.

May import of app the settings and errors, and model.errors.
Begin reading at engine.py, then schema.py.
"""
