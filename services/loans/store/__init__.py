"""How the loans service reads and writes its tables: functions of a session."""
