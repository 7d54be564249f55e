"""Leading leads on, step by step: sequences, who is on them, and the work of doing what is due."""
