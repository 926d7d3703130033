import numpy as np

from app.analysis.arrays import FloatArray
from app.analysis.distinct import at_distinct


def test_the_function_is_asked_once_for_each_combination() -> None:
    asked: list[int] = []

    def product(x: FloatArray, y: FloatArray) -> FloatArray:
        asked.append(len(x))
        return x * y

    x = np.array([[1.0, 2.0, 1.0], [2.0, 1.0, 1.0]])
    y = np.array([[3, 3, 3], [3, 4, 3]])
    assert at_distinct(product, x, y).tolist() == [[3, 6, 3], [6, 4, 3]]
    assert asked == [3]


def test_axes_of_the_result_come_first() -> None:
    powers = np.array([[1], [2]])
    found = at_distinct(lambda x: x**powers, np.array([2.0, 3.0, 2.0]))
    assert found.tolist() == [[2, 3, 2], [4, 9, 4]]


def test_nothing_is_nothing() -> None:
    assert at_distinct(np.sqrt, np.empty((0, 3))).shape == (0, 3)
