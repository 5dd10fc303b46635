"""What the caller gives: orders and checks from frames, dicts and files, read cell by cell."""
