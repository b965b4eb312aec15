"""The koperasi hub: one package per service, plus `shared` and the runner `hub`.

psycopg chooses how it waits for the socket when it is first imported. Its default
blocks the whole process under eventlet, so the choice is made here, before any
module of this package can import it (`persistence/database.py` asserts it).
"""

import os

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
