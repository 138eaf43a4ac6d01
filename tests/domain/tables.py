"""Tables as people write them: words in columns, a dot where there is nothing."""


def grid(text: str) -> dict[tuple[str, str], str]:
    """`(row, column) -> cell` of a table whose first line names the columns; a dot is the empty string."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    cells = {}
    for name, *row in lines:
        assert len(row) == len(head), f"{name} has {len(row)} cells for {len(head)} columns"
        cells.update({(name, column): "" if cell == "." else cell for column, cell in zip(head, row, strict=True)})
    return cells
