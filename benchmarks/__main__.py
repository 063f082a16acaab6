"""All benchmarks in turn: ``python -m benchmarks``."""

from benchmarks import browser, serving, training

if __name__ == "__main__":
    print("# Serving\n")
    serving.main()
    print("\n# In the browser\n")
    browser.main()
    print("\n# Training\n")
    training.main()
