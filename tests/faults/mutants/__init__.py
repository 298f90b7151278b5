"""Products with one safety mechanism taken out: the tests must notice."""
