"""Errors of the package: bad input, and model folders that cannot be loaded."""


class UserError(Exception):
    """Bad input; the message is one line that names the file or value and the fault.

    Commands print it and exit with status 2, without a traceback.
    """


class ModelError(UserError):
    """A model folder that cannot be loaded: missing, damaged, or its parts do not fit each other."""
