"""`make bench`: how many queries, how much CPU and how long a request takes among 10,000 and
100,000 leads.
"""
