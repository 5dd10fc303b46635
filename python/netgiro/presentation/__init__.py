"""How results are shown: tables in notebooks, frames of other libraries, progress bars, amounts in krónur."""
