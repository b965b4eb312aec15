"""How amounts, dates and documents look to people in Indonesia."""
