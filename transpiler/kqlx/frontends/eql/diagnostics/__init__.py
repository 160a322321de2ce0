"""From "the text stops being EQL here" to a message that teaches."""
