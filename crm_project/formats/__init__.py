"""Dates and times as lists show them: short, and read the same way in every country."""
