"""The language model behind Tsuzuki: its text, networks, training and evaluation, and the search for suggestions."""
