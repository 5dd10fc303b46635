"""What PyInstaller does not find by itself of an app: what Django imports by its place, as commands and migrations."""

from __future__ import annotations

from netgiro.__pyinstaller import modules

hiddenimports = modules("netgiro.django")
