"""``python -m app.database upgrade``: bring the tables of the database up to date."""

import argparse
import sys
from collections.abc import Sequence

from app.database.engine import open_database
from app.errors import DatabaseAwayError
from app.settings import option, read_settings, variable
from model.errors import UserError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command. Returns the exit status: 1 where the database is away, 2 where there is none."""
    parser = argparse.ArgumentParser(prog="python -m app.database", description=__doc__.partition(": ")[2])
    parser.add_argument("command", choices=["upgrade"], help="bring the tables up to date; does nothing where they are")
    parser.add_argument(option("database"), help=f"the database's URL ({variable('database')})")
    options = parser.parse_args(arguments)
    try:
        database = open_database(read_settings({"database": options.database} if options.database else None))
    except UserError as error:
        print(f"tsuzuki: {error}", file=sys.stderr)
        return 2
    if database is None:
        print(f"tsuzuki: {variable('database')} is none, there is nothing to upgrade", file=sys.stderr)
        return 2
    try:
        before, after = database.upgrade()
    except UserError as error:
        print(f"tsuzuki: {error}", file=sys.stderr)
        return 2
    except DatabaseAwayError as error:
        print(f"tsuzuki: {error.detail}", file=sys.stderr)
        return 1
    finally:
        database.close()
    print(f"the database has version {after}" + ("" if before == after else f", it had {before}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
