"""Stand-ins for well-known Actors of Apify Store: `actors` describes each, and `program` is the program of all."""
