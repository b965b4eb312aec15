"""How the insurance service reads and writes its tables: functions of a session."""
