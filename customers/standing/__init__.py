"""How customers stand: their health, and the segments that follow from what they bought.

Both are computed for all customers at once, in the database, from what this app and later ones register: factors of
health, and the purchases that recency, frequency and money are taken from.
"""
