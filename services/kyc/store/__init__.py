"""How the kyc service reads and writes its tables: functions of a session."""
