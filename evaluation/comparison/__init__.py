"""Other methods of the field, fitted by statsmodels and shown beside ours as comparison rows.

They are here because published studies use them, not because their intervals keep their promise: see the
coverage table.
"""
