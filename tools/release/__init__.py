"""What makes a release: the staged source, its builds for each platform, and the checks of both."""
