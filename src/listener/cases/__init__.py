"""What a person asks about a case and does to it, as pure functions over what the topics say."""
