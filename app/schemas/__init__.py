"""The schemas of requests and answers, as the OpenAPI document shows them; positions are Unicode code points.

May import the validation messages, and of model what a vocabulary's entries must be.
Begin reading at suggestions.py; bounds that are settings are checked by the service and written by api/openapi.py.
"""
