"""Runs each fuzz target for the given number of seconds, from the seeds in the vectors."""

from __future__ import annotations

import sys

import packages
from packages import ROOT, WORK


def main() -> None:
    seconds = int(sys.argv[1])
    packages.check_tools()
    tools = WORK / "cargo"
    packages.run("cargo", "install", "--quiet", "--locked", "--root", tools, "cargo-fuzz@0.13.2")
    packages.run(sys.executable, ROOT / "fuzz" / "seeds.py")
    for target in sorted((ROOT / "fuzz" / "fuzz_targets").glob("*.rs")):
        print(f"\n==> {target.stem}, {seconds} s", flush=True)
        packages.run(
            *[tools / "bin" / "cargo-fuzz", "fuzz", "run", target.stem],
            *["--", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048"],
            # The threads of the laws' servers come and go while leaks are looked for.
            "-detect_leaks=0",
            # Sanitizers are unstable in name only: the stable compiler has them.
            RUSTC_BOOTSTRAP="1",
        )


if __name__ == "__main__":
    main()
