"""What is stored about a person, wherever it is: telling them all of it, and forgetting them."""
