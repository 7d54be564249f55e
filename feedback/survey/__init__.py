"""The public page on which customers answer. It needs no signing in, no cookie and no script."""
