"""From "the text stops being Kibana KQL here" to a message that teaches."""
