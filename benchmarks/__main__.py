"""All benchmarks in turn: ``python -m benchmarks``."""

from benchmarks import serving, training

if __name__ == "__main__":
    print("# Serving\n")
    serving.main()
    print("\n# Training\n")
    training.main()
