"""The recurrent cells by name: the simple network of Elman, the LSTM, the LSTM with a projection, and the GRU."""

from model.nn.cells.base import Cell, Parameters, Workspace
from model.nn.cells.gru import GRUCell
from model.nn.cells.lstm import LSTMCell
from model.nn.cells.lstmp import ProjectedLSTMCell
from model.nn.cells.rnn import ElmanCell

CELLS: dict[str, Cell] = {"rnn": ElmanCell(), "lstm": LSTMCell(), "lstmp": ProjectedLSTMCell(), "gru": GRUCell()}

__all__ = ["CELLS", "Cell", "Parameters", "Workspace"]
