"""What the caller takes away: a page, charts, a workbook, a frame."""
