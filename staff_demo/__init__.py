"""Staff pages on one machine: the dashboard as a staff process beside a sign-in provider of its own.

For looking and testing only. Both listen on this machine alone, and the people are invented.
"""
