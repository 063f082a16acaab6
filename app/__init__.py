"""The web service: HTTP in front of the networks in ``model``."""
