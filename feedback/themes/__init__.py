"""What customers talk about, found in their comments: ``finding`` reads texts, ``refreshing`` keeps what it finds."""
