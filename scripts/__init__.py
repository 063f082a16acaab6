"""Commands that are run by hand now and then: documents, plots, containers."""
