"""A sample Actor that crawls one site with the Apify SDK and Crawlee."""
