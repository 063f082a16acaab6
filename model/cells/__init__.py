"""The recurrent cells by the names they are chosen with."""

from model.cells.base import Array, Arrays, Cell, Parameters, Workspace
from model.cells.gru import GRUCell
from model.cells.lstm import LSTMCell
from model.cells.rnn import ElmanCell

CELLS: dict[str, Cell] = {"rnn": ElmanCell(), "lstm": LSTMCell(), "gru": GRUCell()}

__all__ = ["CELLS", "Array", "Arrays", "Cell", "Parameters", "Workspace"]
