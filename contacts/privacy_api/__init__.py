"""``erase`` and ``personal_data`` beside a contact: what the law lets the person behind it ask for."""
