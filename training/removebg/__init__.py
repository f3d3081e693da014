"""Trains the network that ships with RemoveBg."""
