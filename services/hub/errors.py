"""What the commands of the hub report in one sentence, instead of a traceback."""


class HubError(Exception):
    """Something the person at the command line can put right; the message says how."""
