"""The network: recurrent cells, softmax, back-propagation through time, the optimiser, inference.

May import model.text and what stands below it.
Begin reading at cells/rnn.py, then network.py and backprop.py.
"""
