"""The environment in which Apify's clients use a Greenroom server instead of the platform."""
