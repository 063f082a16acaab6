"""The recurrent cells by the names they are chosen with."""

from model.nn.cells.base import Cell, Parameters, Workspace
from model.nn.cells.gru import GRUCell
from model.nn.cells.lstm import LSTMCell
from model.nn.cells.rnn import ElmanCell

CELLS: dict[str, Cell] = {"rnn": ElmanCell(), "lstm": LSTMCell(), "gru": GRUCell()}

__all__ = ["CELLS", "Cell", "Parameters", "Workspace"]
