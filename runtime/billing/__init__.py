"""What a run costs: prices, charged events, platform usage."""
