"""One module for each vector file: `ABOUT`, and `build()` giving the rest of the document."""
