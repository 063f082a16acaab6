"""The networks behind Tsuzuki: text, vocabulary, cells, training, and the search for suggestions."""
