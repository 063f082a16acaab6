"""Other systems that suggest words, typed with by the project's own simulated typing: ``python -m benchmarks.peers``.

One file for each of them; they import nothing of the service. Begin with ``__main__.py``.
"""
