"""The images of ``docker-compose.yml``, built and tried without a Docker engine.

May import nothing else of the project.
Begin reading at checks.py, then engine.py.
"""
