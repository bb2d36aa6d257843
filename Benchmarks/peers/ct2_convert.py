"""Converts a Marian folder for CTranslate2: ct2_convert.py FOLDER OUTPUT float32|int8"""

import sys
from pathlib import Path

from ct2_model import from_folder, save

if __name__ == "__main__":
    folder, output, compute_type = sys.argv[1:]
    save(from_folder(Path(folder)), Path(output), compute_type)
